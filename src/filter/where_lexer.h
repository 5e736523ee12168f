#pragma once

#include <cstdint>
#include <string>
#include <string_view>
#include <vector>

#include "base/result.h"

namespace sslsniff {

/// A piece of a --where expression.
struct Token {
    enum class Kind : std::uint8_t {
        word,    ///< field, number with unit, address, keyword
        quoted,  ///< "text"
        symbol,  ///< == != < > <= >= ~ !~ ( ) , ! && ||
        end
    };
    Kind kind = Kind::end;
    std::string text;  ///< quoted: without the quotes, \" resolved, every other backslash as it is
    std::size_t position = 0;
    std::size_t length = 0;
};

/// The last token is of kind end.
Result<std::vector<Token>> tokenize(std::string_view expression);

/// `message`, then the expression with the place underlined.
std::unexpected<Error> fail_at(std::string_view expression, std::size_t position, std::size_t length,
                               std::string_view message);

}  // namespace sslsniff
