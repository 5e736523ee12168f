#pragma once

#include <cstdint>
#include <span>
#include <string_view>

#include "protocols/framed/framing.h"

/// AMQP 0-9-1 (https://www.rabbitmq.com/resources/specs/amqp0-9-1.pdf), with RabbitMQ's extensions
/// (https://www.rabbitmq.com/docs/extensions).
namespace sslsniff::amqp {

/// Section 4.2.5, without field values.
enum class ArgumentType : std::uint8_t {
    bit,
    octet,
    short_int,
    long_int,
    longlong_int,
    short_string,
    long_string,
    table
};

struct Argument {
    ArgumentType type;
    std::string_view name;  ///< as in JSON; empty: reserved
    bool is_secret = false;
};

/// Class in the upper 16 bits, method in the lower ones.
enum class MethodId : std::uint32_t {
    connection_start = 10U << 16U | 10U,
    connection_start_ok = 10U << 16U | 11U,
    connection_secure = 10U << 16U | 20U,
    connection_secure_ok = 10U << 16U | 21U,
    connection_tune = 10U << 16U | 30U,
    connection_close = 10U << 16U | 50U,
    channel_open = 20U << 16U | 10U,
    channel_open_ok = 20U << 16U | 11U,
    channel_close = 20U << 16U | 40U,
    channel_close_ok = 20U << 16U | 41U,
    queue_declare_ok = 50U << 16U | 11U,
    basic_consume = 60U << 16U | 20U,
    basic_consume_ok = 60U << 16U | 21U,
    basic_publish = 60U << 16U | 40U,
    basic_return = 60U << 16U | 50U,
    basic_deliver = 60U << 16U | 60U,
    basic_get = 60U << 16U | 70U,
    basic_get_ok = 60U << 16U | 71U,
    basic_get_empty = 60U << 16U | 72U,
    basic_ack = 60U << 16U | 80U,
    basic_reject = 60U << 16U | 90U,
    basic_nack = 60U << 16U | 120U,
    confirm_select = 85U << 16U | 10U,
};

inline constexpr std::uint16_t kBasicClass = 60;

struct Method {
    enum class From : std::uint8_t { client, server, both };

    std::uint16_t class_id;
    std::uint16_t method_id;
    std::string_view name;  ///< "basic.publish"
    From from;
    std::uint16_t answer;  ///< the method of its class that answers it; 0: none does
    std::span<const Argument> arguments;
    bool has_content = false;  ///< a header and bodies follow

    MethodId id() const { return static_cast<MethodId>(std::uint32_t{class_id} << 16U | method_id); }
    bool may_come_from(framed::Side side) const {
        return from == From::both || (from == From::client) == (side == framed::Side::client);
    }
    /// Whether `other` is what answers it.
    bool is_answered_by(const Method& other) const {
        return class_id == other.class_id && answer != 0 &&
               (answer == other.method_id ||
                (id() == MethodId::basic_get && other.id() == MethodId::basic_get_empty) ||
                (id() == MethodId::connection_start_ok && other.id() == MethodId::connection_secure) ||
                (id() == MethodId::connection_secure_ok && other.id() == MethodId::connection_secure));
    }
};

/// Null when there is none of these numbers.
const Method* find_method(std::uint16_t class_id, std::uint16_t method_id);
/// Whether it answers another method.
bool is_answer(const Method& method);

}  // namespace sslsniff::amqp
