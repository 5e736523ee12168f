#include "protocols/sql/lexer.h"

#include <algorithm>

namespace sslsniff::sql {
namespace {

constexpr std::size_t kMaxTag = 64;  ///< of a dollar quote: longer ones are possible, and not seen

bool is_word(char c) {
    return (c >= 'a' && c <= 'z') || (c >= 'A' && c <= 'Z') || (c >= '0' && c <= '9') || c == '_' ||
           static_cast<signed char>(c) < 0;
}

bool is_blank(char c) {
    return c == ' ' || (c >= '\t' && c <= '\r');
}

}  // namespace

void Lexer::skip_blanks() {
    while (at_ < text_.size()) {
        const ByteView rest = text_.substr(at_);
        if (is_blank(rest.front())) {
            ++at_;
        } else if (rest.starts_with("--")) {
            at_ = std::min(text_.find('\n', at_), text_.size());
        } else if (rest.starts_with("/*")) {
            const std::size_t end = text_.find("*/", at_ + 2);
            at_ = end == ByteView::npos ? text_.size() : end + 2;
        } else {
            return;
        }
    }
}

Token Lexer::make(Token::Kind kind, std::size_t begin, std::size_t content, std::size_t content_size) {
    return {kind, text_.substr(begin, at_ - begin), content, content_size};
}

/// A quote inside is doubled, or behind a backslash.
Token Lexer::quoted(Token::Kind kind, char quote) {
    const std::size_t begin = at_++;
    while (at_ < text_.size()) {
        if (text_[at_] == '\\' && kind == Token::Kind::literal) {
            at_ = std::min(at_ + 2, text_.size());
        } else if (text_[at_] != quote) {
            ++at_;
        } else if (at_ + 1 < text_.size() && text_[at_ + 1] == quote) {
            at_ += 2;
        } else {
            ++at_;
            return make(kind, begin, begin + 1, at_ - begin - 2);
        }
    }
    return make(kind, begin, begin + 1, at_ - begin - 1);
}

/// $tag$ ... $tag$; a lone dollar is a mark ($1).
Token Lexer::dollar_quoted() {
    const std::size_t begin = at_++;
    std::size_t end = at_;
    while (end < text_.size() && end - begin < kMaxTag && is_word(text_[end])) {
        ++end;
    }
    const bool digit = text_[begin] == '$' && at_ < text_.size() && text_[at_] >= '0' && text_[at_] <= '9';
    if (digit || end >= text_.size() || text_[end] != '$') {
        return make(Token::Kind::mark, begin, begin, 1);
    }
    const ByteView tag = text_.substr(begin, end + 1 - begin);
    const std::size_t content = end + 1;
    const std::size_t close = std::min(text_.find(tag, content), text_.size());
    at_ = std::min(close + tag.size(), text_.size());
    return make(Token::Kind::literal, begin, content, close - content);
}

Token Lexer::next() {
    skip_blanks();
    if (at_ >= text_.size()) {
        return {};
    }
    const char c = text_[at_];
    if (c == '\'') {
        return quoted(Token::Kind::literal, c);
    }
    if (c == '"' || c == '`') {
        return quoted(Token::Kind::quoted, c);
    }
    if (c == '$') {
        return dollar_quoted();
    }
    const std::size_t begin = at_++;
    if (!is_word(c)) {
        return make(Token::Kind::mark, begin, begin, 1);
    }
    while (at_ < text_.size() && is_word(text_[at_])) {
        ++at_;
    }
    return make(Token::Kind::word, begin, begin, at_ - begin);
}

}  // namespace sslsniff::sql
