#pragma once

#include <cstddef>
#include <cstdint>
#include <optional>

#include "base/bytes.h"

namespace sslsniff::imap {

/// Bytes of a line that are looked at together; longer ones come in pieces.
inline constexpr std::size_t kMostLine = 8192;

/// A line with the literal that it announces (RFC 9051 section 4.3): "... {342}" and so many bytes behind its
/// end.
struct Piece {
    std::size_t line = 0;                  ///< bytes of the line, with its end
    std::optional<std::uint64_t> literal;  ///< bytes that follow it
};
/// Nothing as long as the line's end is not among the first kMostLine bytes.
std::optional<Piece> read_piece(ByteView bytes);

/// What a client's line begins with.
struct Command {
    ByteView tag;
    ByteView name;       ///< as sent; of UID both words
    ByteView arguments;  ///< without the announcement of a literal
};
/// Nothing when it has not the form.
std::optional<Command> read_command(ByteView line);
/// RFC 9051, RFC 3501 and their extensions have it.
bool is_known(ByteView name);
/// Whether a line that is cut may become a command that is known.
bool may_become_command(ByteView cut);
/// Commands that other protocols with tags do not have.
bool is_telling_command(const Command& command);

/// A server's line.
struct Response {
    enum class Kind : std::uint8_t { tagged, untagged, more };
    Kind kind = Kind::untagged;
    ByteView tag;     ///< of a tagged one
    ByteView status;  ///< OK, NO, BAD, BYE, PREAUTH; empty: it is data
    ByteView code;    ///< in brackets, without these
    ByteView text;    ///< what is left
};
std::optional<Response> read_response(ByteView line);
bool may_become_response(ByteView cut);
/// Responses that no other protocol has.
bool is_telling_response(const Response& response);

}  // namespace sslsniff::imap
