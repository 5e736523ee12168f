#pragma once

#include <string_view>

namespace sslsniff {

inline constexpr int kFailure = 1;     ///< exit status: could not do what it was told
inline constexpr int kWrongUsage = 2;  ///< exit status: did not understand the command line

/// For the user, not for a program: one line on stderr. Returns `status`, for a caller that ends with it.
int say(std::string_view message, int status = 0);

/// The same for lines that are whole already, each ended by a newline. What cannot be written is dropped: a
/// full disk, a closed or hung-up terminal, or a reader that takes nothing for a quarter of a second. A
/// capture must not end or wait for want of somebody who listens.
void tell(std::string_view lines);

/// Writes what was asked for, as by --help, to stdout. Returns the exit status: failure when not all of it
/// could be written.
int answer(std::string_view text);

/// Standard input, output and error that are closed are opened in a way that no use of them succeeds, so that
/// no file opened later is taken for one of them. Programs run by this one find them closed. For the start.
void occupy_standard_descriptors();

}  // namespace sslsniff
