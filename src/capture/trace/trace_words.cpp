#include "capture/trace/trace_words.h"

#include <algorithm>

#include "base/text.h"
#include "capture/trace/trace_format.h"

namespace sslsniff {

std::string trace_quote(std::string_view text) {
    static constexpr std::size_t kShown = 40;
    return fmt::format("\"{}{}\"", printable(text.substr(0, kShown)), text.size() > kShown ? "..." : "");
}

Taken take_flag(std::string_view value, bool& into) {
    into = true;
    return value.empty() ? Taken::yes : Taken::bad;
}

std::string_view TraceWords::next() {
    rest_.remove_prefix(std::min(rest_.find_first_not_of(' '), rest_.size()));
    const std::string_view word = rest_.substr(0, rest_.find(' '));
    rest_.remove_prefix(word.size());
    return word;
}

std::string_view TraceWords::present(std::string_view what) {
    const std::string_view word = failed() ? std::string_view() : next();
    if (!failed() && word.empty()) {
        error_ = fmt::format("{} is missing", what);
    }
    return word;
}

void TraceWords::unknown(std::string error) {
    if (newer_minor_) {
        ++skipped_;
    } else {
        error_ = std::move(error);
    }
}

bool TraceWords::take_value() {
    value_.clear();
    if (!rest_.starts_with('=')) {
        return true;
    }
    rest_.remove_prefix(1);
    if (!rest_.starts_with('"')) {
        value_ = next();
        return true;
    }
    std::size_t end = 1;
    while (end < rest_.size() && rest_[end] != '"') {
        end += rest_[end] == '\\' ? 2 : 1;
    }
    if (end >= rest_.size()) {
        error_ = "a quote is not closed";
    } else if (!append_unescaped(value_, rest_.substr(1, end - 1))) {
        error_ = fmt::format("malformed escape in {}", trace_quote(rest_.substr(0, end + 1)));
    } else {
        rest_.remove_prefix(end + 1);
    }
    return !failed();
}

}  // namespace sslsniff
