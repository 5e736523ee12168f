#include "protocols/imap/framing.h"

namespace sslsniff::imap {
namespace {

using framed::Look;
using framed::Side;

Look message_of(const Piece& piece, bool is_telling, ByteView bytes) {
    const std::uint64_t size = piece.line + piece.literal.value_or(0);
    return framed::message_of(size, is_telling && bytes.size() >= size);
}

/// Only what has the form.
Look look_at(Side side, ByteView bytes) {
    const auto piece = read_piece(bytes);
    if (!piece) {
        const ByteView cut = bytes.substr(0, kMostLine);
        const bool may_be = side == Side::server ? may_become_response(cut) : may_become_command(cut);
        return may_be && bytes.size() < kMostLine ? framed::need_more() : framed::malformed();
    }
    const ByteView line = bytes.substr(0, piece->line);
    if (side == Side::server) {
        const auto response = read_response(line);
        return response ? message_of(*piece, is_telling_response(*response), bytes) : framed::malformed();
    }
    const auto command = read_command(line);
    return command && is_known(command->name) ? message_of(*piece, is_telling_command(*command), bytes)
                                              : framed::malformed();
}

}  // namespace

Look ImapFraming::look(Side side, ByteView bytes) const {
    const Look look = look_at(side, bytes);
    if (pieces_ == Pieces::unlikely || look.state != Look::State::malformed) {
        return look;
    }
    if (const auto piece = read_piece(bytes)) {
        return message_of(*piece, false, bytes);
    }
    return bytes.size() < kMostLine ? framed::need_more() : framed::message_of(kMostLine, false);
}

Look ImapFraming::look_first(Side side, ByteView bytes) const {
    return look_at(side, bytes);
}

}  // namespace sslsniff::imap
