#pragma once

#include <cstddef>
#include <cstdint>
#include <optional>
#include <string_view>

#include "base/bytes.h"
#include "protocols/framed/framing.h"

/// The client protocol of NATS (https://docs.nats.io/reference/reference-protocols/nats-protocol).
namespace sslsniff::nats {

enum class Operation : std::uint8_t { info, connect, pub, hpub, sub, unsub, msg, hmsg, ping, pong, ok, err };
/// "HPUB"
std::string_view to_string(Operation operation);

/// What an operation says before its payload.
struct ControlLine {
    Operation operation = Operation::ping;
    ByteView subject{};
    ByteView reply_to{};
    ByteView queue_group{};
    ByteView sid{};
    ByteView text{};                              ///< JSON of INFO and CONNECT, what -ERR says
    std::optional<std::uint64_t> max_messages{};  ///< of UNSUB
    std::uint64_t header_size = 0;                ///< bytes of HPUB's and HMSG's headers
    std::uint64_t payload_size = 0;               ///< bytes behind them
    std::size_t size = 0;                         ///< bytes of the line, its end included

    bool has_payload() const {
        return operation == Operation::pub || operation == Operation::hpub || operation == Operation::msg ||
               operation == Operation::hmsg;
    }
    /// Bytes of all of it.
    std::uint64_t message_size() const;
};

/// Behind each payload.
inline constexpr ByteView kLineEnd = "\r\n";
/// A control line is no longer, but for INFO and CONNECT: twice what servers take by default
/// (max_control_line).
inline constexpr std::size_t kMostLine = 8192;
inline constexpr std::size_t kMostJson = std::size_t{32} * 1024;

/// Whether an operation of that side may begin so: bytes without a whole line in them.
bool may_begin_line(framed::Side side, ByteView bytes);
/// The line that `bytes` begin with, if there is a whole one that makes sense. Views are into `bytes`.
std::optional<ControlLine> read_line(framed::Side side, ByteView bytes);

}  // namespace sslsniff::nats
