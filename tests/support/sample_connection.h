#pragma once

#include <chrono>
#include <memory>

#include "model/connection.h"

namespace sslsniff::test {

/// 2026-01-31T12:00:01.123456789Z, and so many microseconds later.
inline Timestamp at_us(std::int64_t microseconds) {
    return Timestamp(std::chrono::nanoseconds(1'769'860'801'123'456'789) +
                     std::chrono::microseconds(microseconds));
}

/// curl, process 4242, from 10.0.0.5:51234 to 93.184.216.34:443 over TLS 1.3.
inline ConnectionInfo sample_connection() {
    ConnectionInfo info;
    info.id = {.pid = 4242, .start_time = 813, .handle = 0x7f00, .generation = 17};
    info.process = std::make_shared<const ProcessInfo>(ProcessInfo{
        .key = info.id.process(), .comm = "curl", .exe = "/usr/bin/curl", .uid = 1000, .container_id = ""});
    info.role = Role::client;
    info.endpoints = {.transport = Transport::tcp,
                      .local = *parse_endpoint("10.0.0.5:51234"),
                      .remote = *parse_endpoint("93.184.216.34:443")};
    info.correlation = Correlation::nested;
    info.tls.library = "OpenSSL 3.0.17";
    info.tls.version = "TLSv1.3";
    info.opened = at_us(0);
    return info;
}

}  // namespace sslsniff::test
