#pragma once

#include <cstdint>
#include <list>
#include <optional>
#include <set>
#include <unordered_map>
#include <utility>
#include <vector>

#include "model/time.h"

namespace sslsniff {

/// Which connections are of which UDP socket, and which of them have been silent for long. Connections are
/// named by the kernel's generation.
class DatagramFlows {
  public:
    void add(std::uint64_t generation, std::uint64_t cookie, Timestamp time);
    /// A datagram passed.
    void touch(std::uint64_t generation, Timestamp time);
    void remove(std::uint64_t generation);

    std::vector<std::uint64_t> of_socket(std::uint64_t cookie) const;
    /// The one that has been silent for the longest, if that is for more than `patience` at `time`.
    std::optional<std::uint64_t> idle(Timestamp time, Duration patience) const;

  private:
    struct Flow {
        std::uint64_t generation;
        std::uint64_t cookie;
        Timestamp latest;
    };
    std::list<Flow> by_activity_;  // the longest silent first
    std::unordered_map<std::uint64_t, std::list<Flow>::iterator> by_generation_;
    std::set<std::pair<std::uint64_t, std::uint64_t>> by_cookie_;  // cookie, generation
};

}  // namespace sslsniff
