#pragma once

#include <cstdint>
#include <expected>
#include <string>
#include <utility>

namespace sslsniff {

/// What an error is about, for those who act on it instead of reading it: the exit status, a caller of the
/// engine.
enum class ErrorKind : std::uint8_t {
    system,       ///< the system could not do it, or nothing else is known
    usage,        ///< what was asked for makes no sense, whatever the system
    permission,   ///< a privilege is missing, or something belongs to another user
    not_found,    ///< there is no such process, user or file
    unsupported,  ///< this kernel or this build cannot do it
    input,        ///< what is read is damaged, or of another kind
    output        ///< it cannot be written
};

/// What went wrong, as one sentence for the user that says what to do about it. No trailing newline.
struct Error {
    std::string message;
    ErrorKind kind = ErrorKind::system;
};

template <class T>
using Result = std::expected<T, Error>;

inline std::unexpected<Error> fail(ErrorKind kind, std::string message) {
    return std::unexpected(Error{std::move(message), kind});
}

inline std::unexpected<Error> fail(std::string message) {
    return fail(ErrorKind::system, std::move(message));
}

}  // namespace sslsniff
