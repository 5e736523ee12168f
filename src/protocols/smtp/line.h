#pragma once

#include <cstddef>
#include <cstdint>
#include <optional>

#include "base/bytes.h"

namespace sslsniff::smtp {

/// Bytes of a line that are looked at together. RFC 5321 section 4.5.3.1 has 512 for commands and replies,
/// 1000 for lines of mail; extensions and programs have more.
inline constexpr std::size_t kMostLine = 4096;

/// A command's line, without its end.
struct Command {
    ByteView verb;      ///< as sent
    ByteView argument;  ///< what follows the space behind it
};

/// Nothing when it does not begin with a word of letters that ends at a space or the line's end.
std::optional<Command> read_command(ByteView line);
/// Whether some server is known to understand the verb.
bool is_known(ByteView verb);
/// Whether a line that is cut may become a command that is known.
bool may_become_command(ByteView cut);
/// Commands that no other protocol has: EHLO, MAIL FROM: and the like.
bool is_telling_command(const Command& command);

/// One line of a reply (RFC 5321 section 4.2.1).
struct ReplyLine {
    unsigned code = 0;  ///< 200 to 599
    bool is_last = true;
    ByteView text;
};
std::optional<ReplyLine> read_reply_line(ByteView line);
/// Whether a line that is cut may become one.
bool may_become_reply(ByteView cut);
/// Replies that no other protocol has: greetings that name it, its extensions, "go on with the mail".
bool is_telling_reply(const ReplyLine& reply);

/// "2.1.0 Ok" -> "2.1.0" (RFC 2034); empty when there is none.
ByteView enhanced_code(ByteView text);

}  // namespace sslsniff::smtp
