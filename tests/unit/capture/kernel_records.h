#pragma once

#include <sys/socket.h>

#include <cstdint>
#include <cstring>
#include <string>

#include "base/bytes.h"
#include "bpf/event.h"

// Records as the kernel side writes them (bpf/event.h), of process 42.
namespace sslsniff::test {

constexpr std::uint64_t kGeneration = 77;
constexpr std::uint64_t kSsl = 0x5555'0000'1000;

template <class T>
inline std::string record_of(const T& event, ByteView payload = {}) {
    return std::string(reinterpret_cast<const char*>(&event), sizeof(event)).append(payload);
}

template <class T>
T event_of(event_kind kind, std::uint64_t generation = kGeneration) {
    T event{};
    auto* header = reinterpret_cast<event_header*>(&event);
    header->kind = kind;
    header->time = 5;
    header->generation = generation;
    return event;
}

inline std::string open_record(std::uint64_t generation = kGeneration, std::uint64_t handle = kSsl) {
    auto event = event_of<open_event>(EVENT_OPEN, generation);
    event.pid = 42;
    event.start_time = 9;
    event.handle = handle;
    event.library = 1;
    return record_of(event);
}

// Handshake messages without extensions (RFC 8446 section 4.1).
inline const std::string kClientHello =
    std::string("\1\0\0\x2b\3\3", 6) + std::string(32, 'r') + std::string("\0\0\2\x13\1\1\0", 7);
inline const std::string kServerHello =
    std::string("\2\0\0\x26\3\3", 6) + std::string(32, 'r') + std::string("\0\x13\1\0", 4);

inline std::string hello_record(ByteView message) {
    auto event = event_of<hello_event>(EVENT_HELLO);
    event.header.flags = HELLO_WITHOUT_RECORD_HEADER;
    event.length = static_cast<std::uint32_t>(message.size());
    std::memcpy(event.bytes, message.data(), message.size());
    return record_of(event);
}

inline std::string data_record(std::uint64_t position, ByteView bytes, std::uint32_t snipped = 0,
                               loss missing = LOSS_NONE) {
    auto event = event_of<data_event>(EVENT_DATA);
    event.header.direction = DIRECTION_RECEIVED;
    event.header.detail = missing;
    event.position = position;
    event.length = static_cast<std::uint32_t>(bytes.size());
    event.snipped = snipped;
    return record_of(event, bytes);
}

inline std::string process_record(event_kind kind, std::uint64_t start_time = 9) {
    auto event = event_of<process_event>(kind, 0);
    event.pid = 42;
    event.uid = 1000;
    event.start_time = start_time;
    std::strncpy(event.comm, "curl", sizeof(event.comm));
    if (kind != EVENT_PROCESS) {
        return record_of(event);
    }
    exec_event image{};
    image.process = event;
    return record_of(image);
}

inline std::string exec_record(std::string exe, std::string cgroup) {
    auto event = event_of<exec_event>(EVENT_EXEC, 0);
    event.process.pid = 42;
    event.process.start_time = 9;
    event.exe_length = static_cast<std::uint32_t>(exe.size());
    event.cgroup_length = static_cast<std::uint32_t>(cgroup.size());
    std::memcpy(event.exe, exe.data(), exe.size());
    std::memcpy(event.cgroup, cgroup.data(), cgroup.size());
    return record_of(event);
}

/// Random to anyone who looks.
constexpr ByteView kCiphertext(
    "\x17\x03\x03\x00\x20\x9d\x01\xfe\x33\xa5\x7c\x00\xe2\x48\xb9\x10\xd4\x6f\x82\x5b\xc7\x11\x22\x33", 24);

inline std::string library_record(std::uint64_t generation = kGeneration) {
    auto event = event_of<library_record_event>(EVENT_LIBRARY_RECORD, generation);
    event.header.direction = DIRECTION_SENT;
    event.length = RECORD_SAMPLE;
    std::memcpy(event.bytes, kCiphertext.data(), kCiphertext.size());
    return record_of(event);
}

inline std::string socket_sample(std::uint32_t pid, std::uint64_t cookie) {
    auto event = event_of<socket_sample_event>(EVENT_SOCKET_SAMPLE, 0);
    event.socket.header.direction = DIRECTION_SENT;
    event.socket.cookie = cookie;
    event.socket.family = AF_INET;
    event.socket.protocol = 6;
    event.socket.remote_port = 443;
    event.pid = pid;
    event.length = static_cast<std::uint32_t>(kCiphertext.size());
    return record_of(event, kCiphertext);
}

inline std::string socket_record(std::uint64_t generation, std::uint8_t flags = 0, std::uint64_t number = 1) {
    auto event = event_of<open_event>(EVENT_OPEN, generation);
    event.header.flags = OPEN_CLEARTEXT | flags;
    event.pid = 42;
    event.start_time = 9;
    event.handle = SOCKET_HANDLE | number;
    return record_of(event);
}

inline std::string socket_bind_record(std::uint64_t generation, std::uint16_t protocol,
                                      std::uint8_t flags = 0) {
    auto event = event_of<bind_event>(EVENT_BIND, generation);
    event.header.flags = flags;
    event.cookie = 77;
    event.family = AF_INET;
    event.protocol = protocol;
    return record_of(event);
}

inline std::string datagram_record(std::uint64_t position, ByteView bytes, std::uint8_t flags,
                                   std::uint64_t time = 5) {
    auto event = event_of<data_event>(EVENT_DATA);
    event.header.flags = flags;
    event.header.time = time;
    event.position = position;
    event.length = static_cast<std::uint32_t>(bytes.size());
    return record_of(event, bytes);
}

}  // namespace sslsniff::test
