#pragma once

#include <array>
#include <chrono>
#include <string>
#include <string_view>

namespace sslsniff {

/// Wall-clock time (UTC) with nanoseconds. Sources convert the kernel's CLOCK_MONOTONIC once, at the edge;
/// nothing behind them reads a clock.
using Timestamp = std::chrono::sys_time<std::chrono::nanoseconds>;
using Duration = std::chrono::nanoseconds;

/// RFC 3339 in UTC with nine fraction digits: 2026-01-31T12:00:01.123456789Z. All are of that length, as a
/// Timestamp reaches from 1677 to 2262.
class TimeText {
  public:
    explicit TimeText(Timestamp time);
    std::string_view view() const { return {text_.data(), text_.size()}; }

  private:
    std::array<char, 30> text_;
};
std::string rfc3339(Timestamp time);

/// Inverse of rfc3339 (any number of fraction digits up to nine); false when `text` is not of that form.
bool parse_rfc3339(std::string_view text, Timestamp& time);

}  // namespace sslsniff
