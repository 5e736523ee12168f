#pragma once

#include <cstddef>
#include <cstdint>
#include <deque>
#include <memory>
#include <optional>
#include <string>
#include <unordered_map>
#include <utility>

#include "output/pcapng/conversation.h"

namespace sslsniff {

/// Synthetic TCP connections whose cleartext is over, for the TLS that begins on the same socket: dissectors
/// follow the change only within one TCP stream. Bounded: the oldest are forgotten, and go without an end.
class Handovers {
  public:
    static constexpr std::size_t kMost = 1024;

    /// `socket`: socket_key(). `file`: the number of the file that holds the conversation.
    void add(std::string socket, Conversation conversation, std::uint32_t file,
             std::shared_ptr<const ProcessInfo> process, Timestamp time);
    /// What goes on in this file.
    std::optional<Conversation> take(const std::string& socket, std::uint32_t file);
    /// This file ends: writes what those in it have left to say.
    void flush(Section& section, std::uint32_t file);

  private:
    struct Waiting {
        Conversation conversation;
        std::uint32_t file = 0;
        std::uint64_t number = 0;
        std::shared_ptr<const ProcessInfo> process;
        Timestamp time;
    };
    std::unordered_map<std::string, Waiting> waiting_;         // by socket
    std::deque<std::pair<std::uint64_t, std::string>> order_;  // number and socket; it may be gone
    std::uint64_t last_ = 0;
};

}  // namespace sslsniff
