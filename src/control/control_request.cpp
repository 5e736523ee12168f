#include "control/control_request.h"

#include <fmt/format.h>

#include "base/text.h"

namespace sslsniff {

std::string to_line(const ControlRequest& request) {
    const std::string word(name_of(kControlRequests, request.kind));
    return request.expression.empty() ? word : fmt::format("{} {}", word, request.expression);
}

Result<ControlRequest> parse_control_request(std::string_view line) {
    const auto space = line.find(' ');
    const std::string_view word = line.substr(0, space);
    const auto kind = value_of(kControlRequests, word);
    if (!kind) {
        return fail(
            ErrorKind::usage,
            fmt::format("there is no request '{}': stats, stop, start, filter or where", printable(word)));
    }
    ControlRequest request{*kind};
    if (space != std::string_view::npos) {
        request.expression = line.substr(space + 1);
    }
    const bool takes_expression =
        request.kind == ControlRequest::Kind::filter || request.kind == ControlRequest::Kind::where;
    if (!takes_expression && !request.expression.empty()) {
        return fail(ErrorKind::usage, fmt::format("'{}' stands alone", word));
    }
    return request;
}

}  // namespace sslsniff
