#include "protocols/redis/redirect.h"

#include "protocols/redis/resp_number.h"

namespace sslsniff::redis {

std::optional<Redirect> parse_redirect(ByteView error) {
    Redirect out;
    out.kind = error.substr(0, error.find(' '));
    if ((out.kind != "MOVED" && out.kind != "ASK") || out.kind.size() == error.size()) {
        return std::nullopt;
    }
    error.remove_prefix(out.kind.size() + 1);
    const std::size_t space = error.find(' ');
    if (space == ByteView::npos || !parse_integer(error.substr(0, space), out.slot) || out.slot < 0 ||
        out.slot > 16383) {
        return std::nullopt;
    }
    out.endpoint = error.substr(space + 1);
    return out.endpoint.find(' ') == ByteView::npos ? std::optional(out) : std::nullopt;
}

}  // namespace sslsniff::redis
