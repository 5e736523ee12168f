#include "output/stat/folding.h"

#include <algorithm>
#include <cstddef>

#include "base/url.h"

namespace sslsniff {
namespace {

bool is_digit(char c) {
    return c >= '0' && c <= '9';
}
bool is_hex(char c) {
    return is_digit(c) || (c >= 'a' && c <= 'f') || (c >= 'A' && c <= 'F');
}
bool is_word(char c) {
    return is_digit(c) || (c >= 'a' && c <= 'z') || (c >= 'A' && c <= 'Z') || c == '_';
}
bool is_space(char c) {
    return c == ' ' || (c >= '\t' && c <= '\r');
}

/// RFC 9562 section 4.
bool is_uuid(std::string_view word) {
    constexpr std::string_view kForm = "xxxxxxxx-xxxx-xxxx-xxxx-xxxxxxxxxxxx";
    return std::ranges::equal(word, kForm,
                              [](char c, char form) { return form == 'x' ? is_hex(c) : c == form; });
}

std::string_view fold_word(std::string_view word) {
    constexpr std::size_t kHex = 8;
    constexpr std::size_t kId = 20;
    if (std::ranges::none_of(word, is_digit)) {
        return word;
    }
    if (std::ranges::all_of(word, is_digit)) {
        return "{n}";
    }
    if (is_uuid(word)) {
        return "{uuid}";
    }
    if (word.size() >= kHex && std::ranges::all_of(word, is_hex)) {
        return "{hex}";
    }
    const auto is_of_id = [](char c) { return is_word(c) || c == '-' || c == '='; };
    return word.size() >= kId && std::ranges::all_of(word, is_of_id) ? "{id}" : word;
}

/// The path of a URL; anything else as it is.
std::string_view named_by(std::string_view target) {
    if (!target.starts_with('/') && !target.contains("://")) {
        return target;
    }
    const std::string_view path = path_of(target);
    return path.empty() ? "/" : path;
}

/// Lists of placeholders, as of IN (?, ?, ?), as one.
void join_list(std::string& folded) {
    constexpr std::string_view kTwo = "?, ?";
    constexpr std::string_view kTight = "?,?";
    if (folded.ends_with(kTwo)) {
        folded.resize(folded.size() - (kTwo.size() - 1));
    } else if (folded.ends_with(kTight)) {
        folded.resize(folded.size() - (kTight.size() - 1));
    }
}

}  // namespace

std::string fold_target(std::string_view target) {
    constexpr std::string_view kSeparators = "/:.,;|";
    std::string folded;
    for (std::string_view rest = named_by(target); !rest.empty();) {
        const std::size_t length = std::min(rest.find_first_of(kSeparators), rest.size());
        folded += fold_word(rest.substr(0, length));
        folded += rest.substr(length, 1);
        rest.remove_prefix(std::min(length + 1, rest.size()));
    }
    return folded;
}

std::string fold_statement(std::string_view statement) {
    std::string folded;
    for (std::size_t at = 0; at < statement.size();) {
        const char c = statement[at];
        const std::size_t from = at++;
        if (is_space(c)) {
            folded += folded.empty() || folded.back() == ' ' ? "" : " ";
        } else if (c == '\'') {
            while (at < statement.size() && statement[at] != '\'') {
                at += statement[at] == '\\' ? 2 : 1;
            }
            ++at;
            folded += '?';
            join_list(folded);
        } else if (is_digit(c)) {
            while (at < statement.size() && (is_word(statement[at]) || statement[at] == '.')) {
                ++at;
            }
            folded += '?';
            join_list(folded);
        } else if (is_word(c)) {
            while (at < statement.size() && is_word(statement[at])) {
                ++at;
            }
            folded += statement.substr(from, at - from);
        } else {
            folded += c;
            join_list(folded);
        }
    }
    folded.resize(folded.size() - (folded.ends_with(' ') ? 1 : 0));
    return folded;
}

}  // namespace sslsniff
