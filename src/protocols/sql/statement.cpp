#include "protocols/sql/statement.h"

#include <algorithm>
#include <array>
#include <string_view>
#include <utility>
#include <vector>

#include "base/text.h"
#include "protocols/sql/lexer.h"

namespace sslsniff::sql {
namespace {

/// Operation and target stand near the beginning.
constexpr std::size_t kMaxGlance = 4096;

bool is(const Token& token, std::string_view word) {
    return token.kind == Token::Kind::word && equals_ignore_case(token.text, word);
}

bool is_one_of(const Token& token, std::initializer_list<std::string_view> words) {
    return std::ranges::any_of(words, [&](std::string_view word) { return is(token, word); });
}

bool is_mark(const Token& token, char mark) {
    return token.kind == Token::Kind::mark && token.text.front() == mark;
}

std::string upper(ByteView text) {
    std::string out(text);
    for (char& c : out) {
        c = c >= 'a' && c <= 'z' ? static_cast<char>(c & ~0x20) : c;
    }
    return out;
}

/// The first word that is an operation; behind WITH, the one outside of the parentheses.
Token find_operation(Lexer& lexer) {
    Token token = lexer.next();
    while (is_mark(token, '(') || is_mark(token, ';')) {
        token = lexer.next();
    }
    if (!is(token, "WITH")) {
        return token;
    }
    int depth = 0;
    for (Token part = lexer.next(); part.kind != Token::Kind::end; part = lexer.next()) {
        depth += is_mark(part, '(') ? 1 : is_mark(part, ')') ? -1 : 0;
        if (depth == 0 && is_one_of(part, {"SELECT", "INSERT", "UPDATE", "DELETE", "MERGE"})) {
            return part;
        }
    }
    return token;
}

/// "a", "a.b", "a"."b"; empty when no name begins with `token`.
std::string name_from(Lexer& lexer, Token token) {
    std::string name;
    while (token.kind == Token::Kind::word || token.kind == Token::Kind::quoted) {
        name += token.text;
        Lexer ahead = lexer;
        if (!is_mark(ahead.next(), '.')) {
            break;
        }
        lexer = ahead;
        name += '.';
        token = lexer.next();
    }
    return name;
}

struct Replaced {
    std::size_t begin;
    std::size_t size;
};

constexpr std::string_view kHidden = "***";

/// Passwords in a connection string: "host=db password=x", "postgresql://bob:x@db".
void find_in_connection_string(ByteView text, std::size_t begin, std::vector<Replaced>& found) {
    const std::string lower = to_lower(text);
    constexpr std::string_view kKey = "password=";
    for (std::size_t at = lower.find(kKey); at != std::string::npos; at = lower.find(kKey, at)) {
        at += kKey.size();
        const std::size_t end = std::min(lower.find_first_of(" &;\t\n", at), lower.size());
        found.push_back({begin + at, end - at});
        at = end;
    }
    const std::size_t scheme = lower.find("://");
    const std::size_t end = scheme == std::string::npos ? scheme : lower.find('@', scheme);
    if (end != std::string::npos) {
        const std::size_t colon = lower.find(':', scheme + 3);
        if (colon < end) {
            found.push_back({begin + colon + 1, end - colon - 1});
        }
    }
}

/// Whether there may be any: most statements have none.
bool may_hold_secrets(ByteView text) {
    for (std::size_t at = text.find_first_of("pPiI:"); at != ByteView::npos;
         at = text.find_first_of("pPiI:", at + 1)) {
        if (equals_ignore_case(text.substr(at, 4), "pass") ||
            equals_ignore_case(text.substr(at, 10), "identified") || text.substr(at, 3) == "://") {
            return true;
        }
    }
    return false;
}

}  // namespace

StatementPointer make_statement(ByteView text, std::uint64_t size, std::size_t max, bool show_secrets) {
    const ByteView kept = text.substr(0, max);
    auto statement = std::make_shared<Statement>();
    statement->size = size;
    statement->cut = kept.size() < size;
    statement->text = kept.substr(0, statement->cut ? without_cut_code_point(kept) : kept.size());
    statement->secrets_hidden = !show_secrets && hide_secrets(statement->text);
    return statement;
}

std::string operation_of(ByteView text) {
    Lexer lexer(text.substr(0, kMaxGlance));
    const Token token = find_operation(lexer);
    return token.kind == Token::Kind::word ? upper(token.text) : std::string();
}

std::string target_of(ByteView text) {
    Lexer lexer(text.substr(0, kMaxGlance));
    const Token operation = find_operation(lexer);
    const bool at_once = is_one_of(operation, {"UPDATE", "COPY", "LOCK", "ANALYZE", "VACUUM", "TRUNCATE"});
    const bool from = is_one_of(operation, {"SELECT", "DELETE", "SHOW"});
    const bool into = is_one_of(operation, {"INSERT", "REPLACE", "MERGE", "LOAD"});
    const bool definition = is_one_of(operation, {"CREATE", "ALTER", "DROP"});
    bool next = at_once;
    for (Token token = lexer.next(); token.kind != Token::Kind::end; token = lexer.next()) {
        const bool noise = is_one_of(
            token, {"ONLY", "IF", "NOT", "EXISTS", "TABLE", "LOW_PRIORITY", "IGNORE", "QUICK", "LATERAL"});
        if (next && !noise) {
            if (std::string name = name_from(lexer, token); !name.empty()) {
                return name;
            }
            if (at_once) {
                return {};
            }
        }
        next = (next && noise) || (from && is(token, "FROM")) || (into && is(token, "INTO")) ||
               (definition && is(token, "TABLE"));
    }
    return {};
}

bool hide_secrets(Bytes& text) {
    if (!may_hold_secrets(text)) {
        return false;
    }
    std::vector<Replaced> found;
    bool identified = false;  // IDENTIFIED WITH plugin AS 'hash': each literal of the clause
    bool password = false;    // what stands between it and the literal is =, ( or FOR name
    Lexer lexer(text);
    for (Token token = lexer.next(); token.kind != Token::Kind::end; token = lexer.next()) {
        if (token.kind == Token::Kind::literal) {
            if (password || identified) {
                found.push_back({token.begin, token.size});
            } else {
                find_in_connection_string(ByteView(text).substr(token.begin, token.size), token.begin, found);
            }
            password = false;
        } else if (token.kind == Token::Kind::word || token.kind == Token::Kind::quoted) {
            const ByteView word = ByteView(text).substr(token.begin, token.size);
            const bool named =
                word.size() >= 8 && equals_ignore_case(word.substr(word.size() - 8), "password");
            identified =
                is(token, "IDENTIFIED") || (identified && !is_one_of(token, {"REQUIRE", "ON", "TO"}));
            password = named;
            if (named) {  // SET PASSWORD FOR 'bob'@'%' = 'secret'
                Lexer ahead = lexer;
                if (is(ahead.next(), "FOR")) {
                    Token part = ahead.next();
                    while (part.kind != Token::Kind::end && !is_mark(part, '=')) {
                        part = ahead.next();
                    }
                    lexer = ahead;
                }
            }
        } else if (!is_mark(token, '=') && !is_mark(token, '(')) {
            password = false;
            identified = identified && !is_mark(token, ';');
        }
    }
    if (found.empty()) {
        return false;
    }
    Bytes hidden;
    std::size_t at = 0;
    for (const Replaced& place : found) {
        hidden.append(text, at, place.begin - std::min(at, place.begin)).append(kHidden);
        at = place.begin + place.size;
    }
    text = hidden.append(text, at);
    return true;
}

}  // namespace sslsniff::sql
