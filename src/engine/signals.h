#pragma once

#include <signal.h>

#include <array>
#include <optional>

#include "base/result.h"
#include "base/unique_fd.h"

namespace sslsniff {

/// Takes the signals that end a capture or ask something of it as data instead of interruptions: SIGINT,
/// SIGTERM, SIGQUIT, SIGHUP (unless it was ignored, as under nohup), SIGUSR1, SIGUSR2, SIGALRM, SIGXCPU.
/// Ignores SIGPIPE and SIGXFSZ, so that a closed reader and a full file are errors of write(). The destructor
/// puts everything back.
class Signals {
  public:
    static Result<Signals> take();

    Signals(Signals&& other) noexcept;
    Signals& operator=(Signals&&) = delete;
    Signals(const Signals&) = delete;
    Signals& operator=(const Signals&) = delete;
    ~Signals();

    struct Received {
        int number = 0;
        bool from_kernel = false;  ///< as by a key: the whole foreground process group got it
    };
    /// Readable when next() has something.
    int fd() const { return fd_.get(); }
    std::optional<Received> next();
    /// SIGHUP is among them, not ignored.
    bool takes_hangup() const { return sigismember(&taken_, SIGHUP) == 1; }

    /// From now on SIGINT, SIGTERM and SIGQUIT do what they do by default: the next one ends the process at
    /// once. The others change nothing any more.
    void give_back();

    /// While it lives, SIGINT, SIGTERM and SIGQUIT end the process at once: for work that nothing would be
    /// lost of, and that cannot look at fd(). Also where they were ignored from the beginning, as by what a
    /// shell without job control starts in the background: else such a signal would be lost.
    class Interruptible {
      public:
        Interruptible();
        Interruptible(const Interruptible&) = delete;
        Interruptible& operator=(const Interruptible&) = delete;
        ~Interruptible();

      private:
        std::array<struct sigaction, 3> inherited_{};
    };

    /// As it was before take(). For a child before exec: async-signal-safe, changes only the calling process.
    void restore_inherited() const;

  private:
    Signals(const sigset_t& taken, const sigset_t& mask, UniqueFd fd);

    sigset_t taken_{};
    sigset_t inherited_mask_{};
    struct sigaction inherited_pipe_{};
    struct sigaction inherited_file_size_{};
    UniqueFd fd_;
};

}  // namespace sslsniff
