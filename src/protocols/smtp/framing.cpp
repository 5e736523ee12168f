#include "protocols/smtp/framing.h"

#include <algorithm>

namespace sslsniff::smtp {
namespace {

using framed::Look;
using framed::Side;

Look look_at_reply(ByteView bytes, std::optional<std::size_t> size) {
    if (!size) {
        const bool may_be = may_become_reply(bytes.substr(0, kMostLine)) && bytes.size() < kMostLine;
        return may_be ? framed::need_more() : framed::malformed();
    }
    const auto reply = read_reply_line(bytes.substr(0, *size));
    return reply ? framed::message_of(*size, is_telling_reply(*reply)) : framed::malformed();
}

Look look_at_command(ByteView bytes, std::optional<std::size_t> size) {
    if (!size) {
        const bool may_be = may_become_command(bytes.substr(0, kMostLine)) && bytes.size() < kMostLine;
        return may_be ? framed::need_more() : framed::malformed();
    }
    const auto command = read_command(bytes.substr(0, *size));
    return command && is_known(command->verb) ? framed::message_of(*size, is_telling_command(*command))
                                              : framed::malformed();
}

/// The size of the line, with its end; nothing as long as that is not there.
std::optional<std::size_t> line_size(ByteView bytes) {
    const auto end = bytes.substr(0, kMostLine).find('\n');
    return end != ByteView::npos ? std::optional(end + 1) : std::nullopt;
}

}  // namespace

Look SmtpFraming::look(Side side, ByteView bytes) const {
    const auto size = line_size(bytes);
    if (bytes.empty()) {
        return framed::need_more();
    }
    if (side == Side::server) {
        return look_at_reply(bytes, size);
    }
    const Look look = look_at_command(bytes, size);
    if (content_ == Content::unlikely || look.state == Look::State::message) {
        return look;
    }
    return size                       ? framed::message_of(*size, false)
           : bytes.size() < kMostLine ? framed::need_more()
                                      : framed::message_of(kMostLine, false);
}

Look SmtpFraming::look_first(Side side, ByteView bytes) const {
    return side == Side::server || bytes.empty() ? look(side, bytes)
                                                 : look_at_command(bytes, line_size(bytes));
}

}  // namespace sslsniff::smtp
