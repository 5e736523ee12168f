#pragma once

#include <cstdint>

#include "base/bytes.h"

namespace sslsniff::sql {

/// A piece of a statement.
struct Token {
    enum class Kind : std::uint8_t {
        end,
        word,     ///< a keyword, an identifier, a number
        quoted,   ///< an identifier in "" or ``
        literal,  ///< a string in '' or $$
        mark,     ///< any other character
    };
    Kind kind = Kind::end;
    ByteView text;          ///< with its quotes
    std::size_t begin = 0;  ///< of what stands between the quotes, in the statement
    std::size_t size = 0;   ///< bytes of that
};

/// Cuts a statement into tokens, in the least that the dialects of PostgreSQL and MySQL have in common:
/// enough to tell words from strings and comments. Linear; never fails: what is not closed reaches to the
/// end.
class Lexer {
  public:
    explicit Lexer(ByteView text) : text_(text) {}
    Token next();

  private:
    void skip_blanks();
    Token quoted(Token::Kind kind, char quote);
    Token dollar_quoted();
    Token make(Token::Kind kind, std::size_t begin, std::size_t content, std::size_t content_size);

    ByteView text_;
    std::size_t at_ = 0;
};

}  // namespace sslsniff::sql
