#pragma once

#include <signal.h>

#include <optional>

#include "base/result.h"
#include "base/unique_fd.h"

namespace sslsniff {

/// Takes SIGINT, SIGTERM and SIGHUP (unless it was ignored, as under nohup) as data instead of interruptions,
/// and ignores SIGPIPE and SIGXFSZ, so that a closed reader and a full file are errors of write(). The
/// destructor puts everything back.
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
        bool from_terminal = false;  ///< the whole foreground process group got it
    };
    /// Readable when next() has something.
    int fd() const { return fd_.get(); }
    std::optional<Received> next();

    /// From now on the signals do what they do by default: the next one ends the process.
    void give_back();

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
