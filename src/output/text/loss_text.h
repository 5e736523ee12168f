#pragma once

#include <map>
#include <optional>
#include <string>

#include "model/event.h"

namespace sslsniff {

/// "3 events, 1234 bytes lost: ring buffer full".
std::string loss_text(LossCause cause, std::uint64_t events, std::uint64_t bytes);

/// "1 connection", "2 connections".
std::string counted(std::uint64_t count, std::string_view noun);

/// Collects losses so that a flood of them does not flood the reader: whoever shows them does so at most once
/// per second of capture time.
class LossCollector {
  public:
    void add(const LossEvent& loss);
    /// True when there is something to show at `time`.
    bool due(Timestamp time) const;
    /// Calls show(cause, events, bytes) for each cause and starts anew.
    template <class Show>
    void take(Timestamp time, Show show) {
        for (const auto& [cause, counts] : pending_) {
            show(cause, counts.events, counts.bytes);
        }
        pending_.clear();
        shown_ = time;
    }

  private:
    struct Counts {
        std::uint64_t events = 0;
        std::uint64_t bytes = 0;
    };
    std::map<LossCause, Counts> pending_;
    std::optional<Timestamp> shown_;
};

}  // namespace sslsniff
