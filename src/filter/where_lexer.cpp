#include "filter/where_lexer.h"

#include <fmt/format.h>

#include <algorithm>
#include <array>

#include "base/text.h"

namespace sslsniff {
namespace {

constexpr std::array<std::string_view, 13> kSymbols{"==", "!=", "<=", ">=", "!~", "&&", "||",
                                                    "<",  ">",  "~",  "(",  ")",  ","};
/// Columns; longer expressions are shown around the place alone.
constexpr std::size_t kContext = 60;

bool is_word(char c) {
    const auto u = static_cast<unsigned char>(c);
    return (u >= '0' && u <= '9') || (u >= 'a' && u <= 'z') || (u >= 'A' && u <= 'Z') || u >= 0x80 ||
           std::string_view("_.:/-*+%@").find(c) != std::string_view::npos;
}

Result<Token> quoted(std::string_view expression, std::size_t start) {
    const char quote = expression[start];
    Token token{Token::Kind::quoted, {}, start, 0};
    for (std::size_t i = start + 1; i < expression.size(); ++i) {
        if (expression[i] == quote) {
            token.length = i + 1 - start;
            return token;
        }
        if (expression[i] == '\\' && i + 1 < expression.size() && expression[i + 1] == quote) {
            ++i;
        }
        token.text += expression[i];
    }
    return fail_at(expression, start, expression.size() - start, "this text has no closing quote");
}

}  // namespace

Result<std::vector<Token>> tokenize(std::string_view expression) {
    std::vector<Token> tokens;
    std::size_t at = 0;
    while (at < expression.size()) {
        const char c = expression[at];
        if (c == ' ' || c == '\t' || c == '\n') {
            ++at;
            continue;
        }
        Token token{Token::Kind::word, {}, at, 1};
        const std::string_view rest = expression.substr(at);
        const auto* symbol =
            std::ranges::find_if(kSymbols, [&](std::string_view s) { return rest.starts_with(s); });
        if (c == '"' || c == '\'') {
            auto text = quoted(expression, at);
            if (!text) {
                return std::unexpected(text.error());
            }
            token = *std::move(text);
        } else if (symbol != kSymbols.end()) {
            token = {Token::Kind::symbol, std::string(*symbol), at, symbol->size()};
        } else if (c == '=' || c == '!') {
            token = {Token::Kind::symbol, c == '=' ? "==" : "!", at, 1};
        } else if (is_word(c)) {
            const auto end = std::ranges::find_if_not(rest, is_word);
            token.text = std::string(rest.begin(), end);
            token.length = token.text.size();
        } else {
            return fail_at(expression, at, 1, fmt::format("unexpected '{}'", printable(rest.substr(0, 1))));
        }
        at += token.length;
        tokens.push_back(std::move(token));
    }
    tokens.push_back({Token::Kind::end, {}, expression.size(), 1});
    return tokens;
}

std::unexpected<Error> fail_at(std::string_view expression, std::size_t position, std::size_t length,
                               std::string_view message) {
    const std::size_t begin = position > kContext ? position - kContext : 0;
    const std::string before = printable(expression.substr(begin, position - begin));
    const std::string place = printable(expression.substr(position, length));
    const std::string after =
        printable(expression.substr(std::min(expression.size(), position + length), kContext));
    return fail(ErrorKind::usage,
                fmt::format("--where: {}\n  {}{}{}\n  {}^{}", message, before, place, after,
                            std::string(before.size(), ' '),
                            std::string(place.empty() ? 0 : std::min(place.size(), 2 * kContext) - 1, '~')));
}

}  // namespace sslsniff
