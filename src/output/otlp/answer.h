#pragma once

#include <chrono>
#include <cstdint>
#include <optional>
#include <string>

#include "base/bytes.h"

namespace sslsniff {

/// What came of a request to a collector.
struct Answer {
    int status = 0;        ///< of HTTP; 0: there was none, `error` says why
    Bytes body;            ///< as far as it was kept
    bool is_whole = true;  ///< the body is all of it
    std::string error;     ///< printable; why nothing, or not all of it, came
    std::optional<std::chrono::seconds> retry_after;
};

/// What an answer means (OTLP 1.5, "OTLP/HTTP Response").
struct Verdict {
    enum class Kind : std::uint8_t {
        taken,    ///< by the collector, but for `rejected` of it
        again,    ///< not taken; may be sent again
        refused,  ///< will never be taken
    };
    Kind kind = Kind::taken;
    std::uint64_t rejected = 0;  ///< items of a request that was taken
    /// What to tell people, printable; empty: all is well.
    std::string remark;
};

Verdict judge(const Answer& answer);

}  // namespace sslsniff
