#pragma once

#include <cstdint>

#include "bpf/tls_site.h"

namespace sslsniff {

/// Where a value is while a function is called: tls_value of bpf/tls_site.h.
struct CallValue {
    std::uint8_t place = PLACE_NONE;
    std::uint8_t bytes = 0;
    std::uint16_t offset = 0;
    bool operator==(const CallValue&) const = default;
};

/// Arguments are counted from 1 to 6: integers and pointers of the C calling convention. `offset` is added.
constexpr CallValue argument(std::uint8_t number, std::uint16_t offset = 0) {
    return {number, 8, offset};
}
constexpr CallValue int_argument(std::uint8_t number) {
    return {number, 4, 0};
}
/// What lies `offset` bytes behind where an argument points to.
constexpr CallValue behind_argument(std::uint8_t number, std::uint16_t offset, std::uint8_t bytes) {
    return {static_cast<std::uint8_t>(PLACE_IN_MEMORY | number), bytes, offset};
}
/// What a register (by its number in x86 encoding) holds, plus `offset`.
constexpr CallValue in_register(unsigned x86_register, std::uint16_t offset = 0) {
    return {static_cast<std::uint8_t>(PLACE_REGISTER | x86_register), 8, offset};
}
/// What lies `offset` bytes behind where a register (by its number in x86 encoding) points to.
constexpr CallValue in_memory(unsigned x86_register, std::uint16_t offset, std::uint8_t bytes) {
    return {static_cast<std::uint8_t>(PLACE_IN_MEMORY | PLACE_REGISTER | x86_register), bytes, offset};
}

/// What a function does, and where that can be read: struct tls_site of bpf/tls_site.h.
struct CallForm {
    tls_call call = CALL_NONE;
    tls_result result = RESULT_NONE;
    std::uint8_t result_bytes = 4;
    std::uint8_t flags = 0;  ///< SITE_...
    CallValue handle{};
    CallValue buffer{};
    CallValue length{};
    CallValue moved{};
    std::uint8_t moved_bytes = 0;
    std::uint8_t slice = 0;
    CallValue type{};    ///< CALL_RECORD_..., CALL_TRANSPORT_MAKE
    CallValue unread{};  ///< CALL_RECORD_READ, CALL_READ
    CallValue number{};  ///< CALL_RECORD_...
    std::uint8_t first_type = 0;
    bool uses_no_socket = false;  ///< CALL_RECORD_...
    /// The function looks its handle up first: the call is seen to begin behind that, where RAX is the
    /// handle.
    bool looks_up_handle = false;
    bool is_seen_at_end = false;  ///< where it returns, and nowhere else
    bool operator==(const CallForm&) const = default;
};

/// As most C libraries have it: (handle, buffer, int length), and the result is the number of bytes.
constexpr CallForm moves_by_result(tls_call call) {
    return {.call = call,
            .result = RESULT_POSITIVE,
            .handle = argument(1),
            .buffer = argument(2),
            .length = int_argument(3)};
}

/// A call about the connection that it returns: it is seen where it returns.
constexpr CallForm about_result(tls_call call) {
    return {.call = call, .handle = in_register(0), .is_seen_at_end = true};
}

/// A call that first asks another function which connection its argument stands for.
constexpr CallForm about_looked_up_handle(tls_call call, tls_result result) {
    return {.call = call, .result = result, .handle = in_register(0), .looks_up_handle = true};
}

/// A call about the connection of its first argument that moves no payload.
constexpr CallForm about_handle(tls_call call, tls_result result = RESULT_NONE, std::uint8_t flags = 0) {
    return {.call = call, .result = result, .flags = flags, .handle = argument(1)};
}

}  // namespace sslsniff
