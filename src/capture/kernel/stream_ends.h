#pragma once

#include <array>
#include <cstdint>

#include "bpf/event.h"
#include "model/event.h"

namespace sslsniff {

/// How far a connection had come when it ended without an EVENT_CLOSE.
struct StreamEnds {
    std::array<std::uint64_t, DIRECTION_COUNT> position{};
    std::array<LossCause, DIRECTION_COUNT> missing{};
};

}  // namespace sslsniff
