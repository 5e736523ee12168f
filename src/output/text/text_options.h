#pragma once

#include <chrono>
#include <cstddef>
#include <functional>

#include "model/time.h"

namespace sslsniff {

/// What to add to UTC at a given time.
using UtcOffset = std::function<std::chrono::seconds(Timestamp)>;

/// The offset of the time zone of this process (TZ, /etc/localtime).
std::chrono::seconds local_utc_offset(Timestamp time);

struct TextOptions {
    int verbosity = 0;     ///< 0: one line each, 1: and headers, 2: and bodies
    bool hex = false;      ///< bodies as hexadecimal dump
    bool tree = false;     ///< calls stand below the request that caused them
    bool color = false;    ///< escape sequences for a terminal
    UtcOffset utc_offset;  ///< empty: times are shown in UTC
    /// How wide the terminal is by now, 0 when that cannot be told; empty: lines are as long as they are.
    std::function<std::size_t()> columns;
};

}  // namespace sslsniff
