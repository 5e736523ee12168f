#pragma once

#include <fmt/format.h>

#include <concepts>
#include <cstdint>
#include <optional>
#include <string>
#include <string_view>
#include <utility>

#include "base/number.h"

namespace sslsniff {

/// A piece of a trace for a message: quoted, printable and short.
std::string trace_quote(std::string_view text);

/// What became of a field.
enum class Taken : std::uint8_t { yes, unknown, bad };

template <class T>
Taken take(std::optional<T> value, T& into) {
    if (!value) {
        return Taken::bad;
    }
    into = *std::move(value);
    return Taken::yes;
}

template <std::integral T>
Taken take_number(std::string_view text, T& into) {
    return take(parse_number<T>(text), into);
}

/// A key without value.
Taken take_flag(std::string_view value, bool& into);

/// The words of a line, front to back. The first error wins; after it every call does nothing.
class TraceWords {
  public:
    TraceWords(std::string_view line, bool newer_minor, std::uint64_t& skipped)
        : rest_(line), newer_minor_(newer_minor), skipped_(skipped) {}

    /// Empty at the end.
    std::string_view next();

    /// The next word, which must be there and well-formed whatever the version.
    template <class T>
    void required(std::string_view what, T& into, std::optional<T> (*parse)(std::string_view)) {
        const std::string_view word = present(what);
        if (!failed() && take(parse(word), into) == Taken::bad) {
            error_ = fmt::format("{} is not a {}", trace_quote(word), what);
        }
    }

    /// The next word, which must be there; newer versions may know more of them.
    template <class T>
    void choice(std::string_view what, T& into, std::optional<T> (*parse)(std::string_view)) {
        const std::string_view word = present(what);
        if (!failed() && take(parse(word), into) == Taken::bad) {
            unknown(fmt::format("{} is not a {}", trace_quote(word), what));
        }
    }

    /// All remaining words, as key=value, key="value" or key alone; `on_field` takes key and value.
    template <class OnField>
    void fields(OnField on_field) {
        while (!failed() && rest_.find_first_not_of(' ') != std::string_view::npos) {
            rest_.remove_prefix(rest_.find_first_not_of(' '));
            const std::string_view key = rest_.substr(0, rest_.find_first_of(" ="));
            rest_.remove_prefix(key.size());
            if (!take_value()) {
                return;
            }
            const Taken taken = on_field(key, std::as_const(value_));
            if (taken == Taken::bad) {
                unknown(fmt::format("bad value {} of {}", trace_quote(value_), trace_quote(key)));
            } else if (taken == Taken::unknown) {
                unknown(fmt::format("unknown field {}", trace_quote(key)));
            }
        }
    }

    bool failed() const { return !error_.empty(); }
    const std::string& error() const { return error_; }

    /// Skips what this version does not know when a newer one wrote it.
    void unknown(std::string error);

  private:
    std::string_view present(std::string_view what);
    /// Moves what follows a key into value_.
    bool take_value();

    std::string_view rest_;
    bool newer_minor_;
    std::uint64_t& skipped_;
    std::string value_;
    std::string error_;
};

}  // namespace sslsniff
