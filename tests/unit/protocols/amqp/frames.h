#pragma once

#include <cstdint>
#include <string>
#include <string_view>

#include "base/endian.h"

/// Frames of AMQP 0-9-1, as peers write them.
namespace sslsniff::test::rabbit {

inline std::string short_text(std::string_view text) {
    return static_cast<char>(text.size()) + std::string(text);
}
template <std::unsigned_integral T>
std::string number(T value) {
    std::string out;
    append_be(out, value);
    return out;
}
inline std::string long_text(std::string_view text) {
    return number(static_cast<std::uint32_t>(text.size())) + std::string(text);
}
inline std::string u8(unsigned value) {
    return std::string(1, static_cast<char>(value));
}
inline std::string u16(unsigned value) {
    return number(static_cast<std::uint16_t>(value));
}
inline std::string u32(unsigned value) {
    return number(static_cast<std::uint32_t>(value));
}
inline std::string u64(std::uint64_t value) {
    return number(value);
}

inline std::string frame(unsigned type, unsigned channel, const std::string& payload) {
    return u8(type) + u16(channel) + u32(static_cast<unsigned>(payload.size())) + payload + '\xCE';
}
inline std::string method(unsigned channel, unsigned class_id, unsigned method_id,
                          const std::string& arguments = {}) {
    return frame(1, channel, u16(class_id) + u16(method_id) + arguments);
}
/// `properties`: flags, and what they announce.
inline std::string header(unsigned channel, std::uint64_t size, const std::string& properties = u16(0)) {
    return frame(2, channel, u16(60) + u16(0) + u64(size) + properties);
}
inline std::string body(unsigned channel, const std::string& bytes) {
    return frame(3, channel, bytes);
}
inline std::string content(unsigned channel, const std::string& bytes,
                           const std::string& properties = u16(0)) {
    return header(channel, bytes.size(), properties) + (bytes.empty() ? "" : body(channel, bytes));
}
inline std::string heartbeat() {
    return frame(8, 0, "");
}
inline const std::string kProtocol("AMQP\0\0\x09\x01", 8);

inline std::string publish(unsigned channel, std::string_view exchange, std::string_view key,
                           unsigned bits = 0) {
    return method(channel, 60, 40, u16(0) + short_text(exchange) + short_text(key) + u8(bits));
}
inline std::string deliver(unsigned channel, std::string_view consumer, std::uint64_t tag,
                           std::string_view key) {
    return method(channel, 60, 60,
                  short_text(consumer) + u64(tag) + u8(0) + short_text("") + short_text(key));
}
inline std::string ack(unsigned channel, std::uint64_t tag, bool multiple = false) {
    return method(channel, 60, 80, u64(tag) + u8(multiple ? 1 : 0));
}
inline std::string consume(unsigned channel, std::string_view queue, std::string_view tag, bool no_ack) {
    return method(channel, 60, 20,
                  u16(0) + short_text(queue) + short_text(tag) + u8(no_ack ? 2 : 0) + u32(0));
}
inline std::string consume_ok(unsigned channel, std::string_view tag) {
    return method(channel, 60, 21, short_text(tag));
}
inline std::string close(unsigned channel, unsigned code, std::string_view text, unsigned class_id = 0,
                         unsigned method_id = 0) {
    return method(channel, channel == 0 ? 10 : 20, channel == 0 ? 50 : 40,
                  u16(code) + short_text(text) + u16(class_id) + u16(method_id));
}
inline std::string close_ok(unsigned channel) {
    return method(channel, channel == 0 ? 10 : 20, channel == 0 ? 51 : 41);
}
/// Both property fields of a call.
inline std::string call(std::string_view id, std::string_view reply_to) {
    return u16(1U << 10U | 1U << 9U) + short_text(id) + short_text(reply_to);
}
inline std::string reply(std::string_view id) {
    return u16(1U << 10U) + short_text(id);
}

}  // namespace sslsniff::test::rabbit
