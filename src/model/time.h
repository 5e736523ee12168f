#pragma once

#include <chrono>
#include <string>
#include <string_view>

namespace sslsniff {

/// Wall-clock time (UTC) with nanoseconds. Sources convert the kernel's CLOCK_MONOTONIC once, at the edge;
/// nothing behind them reads a clock.
using Timestamp = std::chrono::sys_time<std::chrono::nanoseconds>;
using Duration = std::chrono::nanoseconds;

/// RFC 3339 in UTC with nine fraction digits: 2026-01-31T12:00:01.123456789Z
std::string rfc3339(Timestamp time);
void append_rfc3339(std::string& out, Timestamp time);

/// Inverse of rfc3339 (any number of fraction digits up to nine); false when `text` is not of that form.
bool parse_rfc3339(std::string_view text, Timestamp& time);

}  // namespace sslsniff
