#pragma once

#include <cstdint>
#include <memory>
#include <string>

#include "base/bytes.h"
#include "base/patience.h"
#include "base/result.h"
#include "base/unique_fd.h"

namespace sslsniff {

/// Where a sink writes. Errors are sticky: the first one ends all writing and surfaces at every later
/// flush().
class OutputStream {
  public:
    OutputStream() = default;
    OutputStream(const OutputStream&) = delete;
    OutputStream& operator=(const OutputStream&) = delete;
    virtual ~OutputStream() = default;

    /// May buffer. After an error it does nothing.
    virtual void write(ByteView bytes) = 0;
    /// Hands everything written so far to the system.
    virtual Result<void> flush() = 0;
};

/// Keeps everything in memory.
class MemoryOutputStream final : public OutputStream {
  public:
    void write(ByteView bytes) override { bytes_.append(bytes); }
    Result<void> flush() override { return {}; }
    const Bytes& bytes() const { return bytes_; }

  private:
    Bytes bytes_;
};

/// Writes to a file descriptor through a buffer of 256 KiB. Where a reader may be slow (a pipe, a socket, a
/// terminal) it never waits inside write(2): `patience` waits, without it poll(2) for ever. The process must
/// ignore SIGPIPE. The destructor flushes, but only flush() tells whether that worked.
class FdOutputStream final : public OutputStream {
  public:
    /// Borrows `fd` and `patience`, which must live as long as the stream. `name` appears in errors.
    FdOutputStream(int fd, std::string name, Patience* patience = nullptr);
    /// Owns `fd`.
    FdOutputStream(UniqueFd fd, std::string name, Patience* patience = nullptr);
    ~FdOutputStream() override;

    void write(ByteView bytes) override;
    /// The error says how many bytes were written, and how many were not when the reader took no more.
    Result<void> flush() override;

    /// Nobody reads any more (EPIPE): a reason to end, not to complain.
    bool is_closed_reader() const;
    /// There was an error: nothing is written any more.
    bool has_failed() const { return errno_ != 0; }
    /// Bytes the system took, without what is still buffered.
    std::uint64_t bytes_written() const { return bytes_written_; }
    const std::string& name() const { return name_; }

  private:
    enum class Kind : std::uint8_t { file, socket, other };

    void drain();
    void write_through(ByteView bytes);
    ssize_t write_some(ByteView bytes) const;
    void wait();

    UniqueFd owned_;
    UniqueFd twin_;  ///< the same pipe or terminal, opened once more as non-blocking
    int fd_;
    Kind kind_ = Kind::file;
    std::string name_;
    Patience* patience_;
    Bytes buffer_;
    std::uint64_t bytes_written_ = 0;
    std::uint64_t bytes_dropped_ = 0;  ///< after an error
    int errno_ = 0;
    bool gave_up_ = false;
};

}  // namespace sslsniff
