#pragma once

#include <optional>
#include <string>

#include "model/time.h"

namespace sslsniff {

/// Where and by what events were recorded. All of it may be unknown.
struct Origin {
    std::string kernel;                    ///< release as in uname -r
    std::string tool;                      ///< "sslsniff 0.1.0"
    std::optional<Duration> clock_offset;  ///< CLOCK_REALTIME - CLOCK_MONOTONIC used for all times
    bool operator==(const Origin&) const = default;
};

}  // namespace sslsniff
