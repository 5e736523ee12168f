#pragma once

#include <charconv>
#include <cstdint>
#include <functional>
#include <map>
#include <optional>
#include <string>
#include <string_view>
#include <system_error>
#include <utility>
#include <vector>

#include "model/time.h"

namespace sslsniff {

/// Writes a packet's comment: a title, and lines "key: value" of what is known. Values are escaped, see
/// packet_comment.h.
class CommentLines {
  public:
    explicit CommentLines(std::string_view title) : text_(title) {}

    /// Left out when empty, or 0.
    void add(std::string_view key, std::string_view value);
    void add(std::string_view key, std::uint64_t value);
    void flag(std::string_view key, bool value);
    std::string take() { return std::move(text_); }

  private:
    std::string text_;
};

/// The lines of a comment whose title it checked.
class CommentFields {
  public:
    static std::optional<CommentFields> parse(std::string_view text, std::string_view title);

    /// What is not there, or not understood, is empty or 0.
    std::string text(std::string_view key) const;
    template <class T = std::uint64_t>
    T number(std::string_view key) const {
        const std::string value = text(key);
        T result{};
        const auto [end, error] = std::from_chars(value.data(), value.data() + value.size(), result);
        return error == std::errc{} ? result : T{};
    }
    std::optional<Duration> duration(std::string_view key) const;
    bool has(std::string_view key) const { return values_.contains(key); }
    bool flag(std::string_view key) const { return text(key) == "yes"; }
    template <class T>
    T named(std::string_view key, std::optional<T> (*value_of)(std::string_view), T otherwise) const {
        return value_of(text(key)).value_or(otherwise);
    }

  private:
    std::map<std::string, std::string, std::less<>> values_;
};

/// "h2,http/1.1" and back; a comma inside a name is escaped.
std::string join_names(const std::vector<std::string>& names);
std::vector<std::string> split_names(std::string_view list);

}  // namespace sslsniff
