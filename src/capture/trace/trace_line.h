#pragma once

#include <cstdint>
#include <optional>
#include <string>
#include <string_view>

#include "base/result.h"
#include "capture/origin.h"
#include "capture/trace/trace_format.h"
#include "model/event.h"

namespace sslsniff {

/// One event line, understood. A DataEvent has no bytes yet: they follow on payload lines.
struct TraceLine {
    CaptureEvent event;
    std::optional<std::uint64_t> payload_size;  ///< announced by a data line
    bool positioned = false;                    ///< a data or gap line says where in its stream it is
};

/// Understands single lines of a trace, without their line ends.
class TraceLineParser {
  public:
    /// With `newer_minor`, what this version does not know is skipped and counted instead of refused.
    explicit TraceLineParser(bool newer_minor = false) : newer_minor_(newer_minor) {}

    /// Nothing when the line was skipped. Errors are half a sentence: "unknown direction \"up\"".
    Result<std::optional<TraceLine>> parse(std::string_view line);
    /// Of a `capture` line.
    Result<Origin> parse_origin(std::string_view line);

    /// Lines, fields and values of a newer version that were passed over.
    std::uint64_t skipped() const { return skipped_; }

  private:
    bool newer_minor_;
    std::uint64_t skipped_ = 0;
};

}  // namespace sslsniff
