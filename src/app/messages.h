#pragma once

#include <string>
#include <string_view>

#include "base/result.h"
#include "engine/notices.h"

namespace sslsniff {

inline constexpr int kFailure = 1;     ///< exit status: could not do what it was told
inline constexpr int kWrongUsage = 2;  ///< exit status: did not understand the command line

/// What is for people, not for programs: lines on standard error. What cannot be written is dropped: a full
/// disk, a closed or hung-up terminal, or a reader that takes nothing for a quarter of a second. A capture
/// must not end or wait for want of somebody who listens.
class Messages final : public Notices {
  public:
    /// One line, "sslsniff: " and the sentence.
    void say(std::string_view sentence) override;
    void tell(std::string_view lines) override;
    /// Ends the line in which the terminal has written ^C.
    void interrupted() override;

    /// From here on what is said waits until release(): an output has the whole terminal.
    void hold() { is_held_ = true; }
    /// Says what has waited.
    void release();

    /// From here on only fail() says anything.
    void tell_errors_only() { errors_only_ = true; }

    /// Says it, and returns `status`, for a caller that ends with it.
    int fail(std::string_view sentence, int status);
    /// The same with the exit status for this kind of error.
    int fail(const Error& error);
    /// Writes what was asked for, as by --help, to stdout. Returns the exit status: failure when not all of
    /// it could be written.
    int answer(std::string_view text);

  private:
    void write(std::string_view lines);
    bool is_writable();

    bool errors_only_ = false;
    bool is_held_ = false;
    std::string held_;
    bool was_writable_ = true;
};

/// Standard input, output and error that are closed are opened in a way that no use of them succeeds, so that
/// no file opened later is taken for one of them. Programs run by this one find them closed. For the start.
void occupy_standard_descriptors();

}  // namespace sslsniff
