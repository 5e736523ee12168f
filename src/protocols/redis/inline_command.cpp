#include "protocols/redis/inline_command.h"

#include <algorithm>

namespace sslsniff::redis {
namespace {

int hex_digit(char c) {
    if (c >= '0' && c <= '9') {
        return c - '0';
    }
    const char lower = static_cast<char>(c | 0x20);
    return lower >= 'a' && lower <= 'f' ? lower - 'a' + 10 : -1;
}

/// One escape of a double-quoted word; `at` is at the backslash and ends on the last byte used.
char unescape(ByteView line, std::size_t& at) {
    const char next = line[++at];
    if (next == 'x' && at + 2 < line.size() && hex_digit(line[at + 1]) >= 0 && hex_digit(line[at + 2]) >= 0) {
        at += 2;
        return static_cast<char>(hex_digit(line[at - 1]) * 16 + hex_digit(line[at]));
    }
    constexpr ByteView kFrom = "nrtba";
    constexpr ByteView kTo = "\n\r\t\b\a";
    const std::size_t known = kFrom.find(next);
    return known == ByteView::npos ? next : kTo[known];
}

/// Reads a quoted part; `at` is at the opening quote and ends behind the closing one.
bool read_quoted(ByteView line, std::size_t& at, Bytes& word) {
    const char quote = line[at];
    for (++at; at < line.size(); ++at) {
        if (line[at] == quote) {
            ++at;
            return at == line.size() || line[at] == ' ' || line[at] == '\t';
        }
        const bool escaped = line[at] == '\\' && at + 1 < line.size();
        if (escaped && quote == '"') {
            word += unescape(line, at);
        } else if (escaped && line[at + 1] == '\'') {
            word += line[++at];
        } else {
            word += line[at];
        }
    }
    return false;
}

}  // namespace

namespace {

bool is_blank(char c) {
    return c == ' ' || (c >= '\t' && c <= '\r');
}

bool split_quoted(ByteView line, std::vector<Bytes>& words) {
    for (std::size_t at = 0; at < line.size();) {
        if (is_blank(line[at])) {
            ++at;
            continue;
        }
        Bytes& word = words.emplace_back();
        while (at < line.size() && !is_blank(line[at])) {
            if (line[at] != '"' && line[at] != '\'') {
                word += line[at++];
            } else if (!read_quoted(line, at, word)) {
                return false;
            }
        }
    }
    return true;
}

}  // namespace

std::vector<Bytes> split_inline(ByteView line) {
    std::vector<Bytes> words;
    if (split_quoted(line, words)) {
        return words;
    }
    words.clear();
    while (!line.empty()) {
        const auto* const end = std::ranges::find_if(line, is_blank);
        if (end != line.begin()) {
            words.emplace_back(line.begin(), end);
        }
        line.remove_prefix(
            std::min<std::size_t>(static_cast<std::size_t>(end - line.begin()) + 1, line.size()));
    }
    return words;
}

}  // namespace sslsniff::redis
