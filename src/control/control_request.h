#pragma once

#include <array>
#include <cstdint>
#include <string>
#include <string_view>

#include "base/result.h"
#include "model/names.h"

namespace sslsniff {

/// What a running capture can be asked for.
struct ControlRequest {
    enum class Kind : std::uint8_t { stats, stop, start, filter, where };
    Kind kind = Kind::stats;
    std::string expression{};  ///< of `filter` and `where`; empty: none
};

inline constexpr Names<ControlRequest::Kind, 5> kControlRequests{{{ControlRequest::Kind::stats, "stats"},
                                                                  {ControlRequest::Kind::stop, "stop"},
                                                                  {ControlRequest::Kind::start, "start"},
                                                                  {ControlRequest::Kind::filter, "filter"},
                                                                  {ControlRequest::Kind::where, "where"}}};

/// One line without its end: a word and, behind a space, an expression.
std::string to_line(const ControlRequest& request);
Result<ControlRequest> parse_control_request(std::string_view line);

}  // namespace sslsniff
