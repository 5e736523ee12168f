#pragma once

#include <cstddef>
#include <cstdint>
#include <ranges>
#include <vector>

#include "base/memory.h"
#include "model/time.h"

namespace sslsniff {

/// Which threads wrote to a connection, and when: the latest ones. Times must not decrease.
class CallerLog {
  public:
    static constexpr std::size_t kMostTurns = 16;

    void add(std::uint32_t tid, Timestamp time) {
        if (turns_.empty() || turns_.back().tid != tid || time < turns_.back().to) {
            if (turns_.size() == kMostTurns) {
                turns_.erase(turns_.begin());
            }
            turns_.push_back({tid, time, time});
        }
        turns_.back().to = time;
    }

    /// Of the call at that time; 0 when it is not known, or no longer.
    std::uint32_t caller(Timestamp time) const {
        for (const Turn& turn : std::views::reverse(turns_)) {
            if (turn.from <= time) {
                return time <= turn.to ? turn.tid : 0;
            }
        }
        return 0;
    }

    /// Bytes of memory outside of itself.
    std::size_t held() const { return heap_bytes(turns_); }

  private:
    /// Calls of one thread without another's in between.
    struct Turn {
        std::uint32_t tid = 0;
        Timestamp from;
        Timestamp to;
    };
    std::vector<Turn> turns_;
};

}  // namespace sslsniff
