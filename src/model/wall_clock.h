#pragma once

#include <chrono>

#include "model/time.h"

namespace sslsniff {

/// For those at the edges, who begin something: nothing inside streams and parsers reads a clock.
inline Timestamp wall_clock() {
    return std::chrono::time_point_cast<Duration>(std::chrono::system_clock::now());
}

}  // namespace sslsniff
