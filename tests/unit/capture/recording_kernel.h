#pragma once

#include <optional>
#include <string>
#include <utility>
#include <vector>

#include "capture/kernel/kernel_side.h"

namespace sslsniff::test {

/// The kernel's side as far as tests need it: answers what it was given, and writes down what it is told.
class RecordingKernel final : public KernelSide {
  public:
    std::optional<StreamEnds> take_ends(const ConnectionId& /*id*/, std::uint64_t generation) override {
        taken.push_back(generation);
        return ends;
    }
    bool has_connection(const ConnectionId& /*id*/, std::uint64_t generation) override {
        return generation == known;
    }
    void mark_bound(std::uint64_t generation, std::uint64_t socket_cookie) override {
        bound.emplace_back(generation, socket_cookie);
    }
    void release_socket(std::uint64_t socket_cookie) override { released.push_back(socket_cookie); }
    void leave_socket(std::uint64_t socket_cookie) override { left.push_back(socket_cookie); }
    bool shows_sockets_by_payload(std::uint32_t pid) override { return pid == by_payload; }
    void describe_process(ProcessInfo& process) override {
        if (process.container_id.empty()) {
            process.container_id = container_id;
        }
    }

    std::optional<StreamEnds> ends;
    std::uint64_t known = 0;  ///< the generation of the only connection that it has
    std::string container_id;
    std::uint32_t by_payload = 0;  ///< the process whose sockets only payload shows

    std::vector<std::uint64_t> taken;                            ///< generations
    std::vector<std::pair<std::uint64_t, std::uint64_t>> bound;  ///< generation, cookie
    std::vector<std::uint64_t> released;                         ///< cookies
    std::vector<std::uint64_t> left;                             ///< cookies
};

}  // namespace sslsniff::test
