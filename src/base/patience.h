#pragma once

#include <chrono>

namespace sslsniff {

/// Waits on behalf of a stream whose other end does nothing, and decides how long.
class Patience {
  public:
    Patience() = default;
    Patience(const Patience&) = delete;
    Patience& operator=(const Patience&) = delete;
    virtual ~Patience() = default;

    /// Returns true once a read or write of `fd` may do something, false when the stream is to give up.
    virtual bool await_readable(int fd) = 0;
    virtual bool await_writable(int fd) = 0;
    /// Lets time pass. False: give up.
    virtual bool pause(std::chrono::milliseconds time) = 0;
};

}  // namespace sslsniff
