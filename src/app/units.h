#pragma once

#include <sys/types.h>

#include <cstdint>
#include <string_view>

#include "base/result.h"
#include "model/time.h"

namespace sslsniff {

/// A positive decimal number: the id of a process.
Result<pid_t> parse_pid(std::string_view text);

/// "4096", "64k", "64M", "2G": bytes, suffixes are powers of 1024 in either case. No sign, no fraction.
Result<std::uint64_t> parse_size(std::string_view text);

/// "10" and "10s" (seconds), "500ms", "2m", "1h", "1.5s". More than nothing, at most 292 years.
Result<Duration> parse_duration(std::string_view text);

}  // namespace sslsniff
