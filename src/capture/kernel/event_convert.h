#pragma once

#include <optional>

#include "base/bytes.h"
#include "bpf/event.h"
#include "model/event.h"

namespace sslsniff {

/// The fixed part of a record; nothing when it is too short.
template <class T>
std::optional<T> read_fixed(ByteView record) {
    if (record.size() < sizeof(T)) {
        return std::nullopt;
    }
    T value;
    record.copy(reinterpret_cast<char*>(&value), sizeof(T));
    return value;
}

/// Words of the kernel's records (bpf/event.h) in those of the model. Unknown values become the neutral one.
LossCause to_loss_cause(std::uint32_t cause);
CloseReason to_close_reason(std::uint32_t cause);
Direction to_direction(std::uint8_t direction);
/// Place of a direction in the arrays of bpf/event.h.
std::size_t index_of(Direction direction);
Endpoints to_endpoints(const bind_event& event);

ProcessInfo to_process_info(const process_event& event);
/// Lengths in `event` must be within its arrays.
ProcessInfo to_process_info(const exec_event& event);

}  // namespace sslsniff
