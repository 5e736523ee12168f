#pragma once

namespace sslsniff {

/// The terminal that this process belongs to, or that standard input, output or error is. It hangs up when
/// its window is closed or its connection ends.
class TerminalWatch {
  public:
    TerminalWatch();

    /// For poll(2) without events: POLLHUP comes by itself. -1: none of the standard streams is a terminal,
    /// or it has hung up already.
    int fd() const { return fd_; }
    /// Asks the kernel. False as well when there never was a terminal.
    bool has_hung_up() const;
    /// No longer: it was told.
    void forget() { fd_ = -1; }

  private:
    bool has_controlling_;
    int fd_ = -1;
};

}  // namespace sslsniff
