#pragma once

#include <expected>
#include <string>
#include <utility>

namespace sslsniff {

/// What went wrong, as one sentence for the user that says what to do about it. No trailing newline.
struct Error {
    std::string message;
};

template <class T>
using Result = std::expected<T, Error>;

inline std::unexpected<Error> fail(std::string message) {
    return std::unexpected(Error{std::move(message)});
}

}  // namespace sslsniff
