#pragma once

#include <cstdint>
#include <memory>
#include <string>

#include "base/bytes.h"
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
    virtual void write(ByteView octets) = 0;
    /// Hands everything written so far to the system.
    virtual Result<void> flush() = 0;
};

/// Keeps everything in memory.
class MemoryOutputStream final : public OutputStream {
  public:
    void write(ByteView octets) override { bytes_.append(octets); }
    Result<void> flush() override { return {}; }
    const Bytes& bytes() const { return bytes_; }

  private:
    Bytes bytes_;
};

/// Writes to a file descriptor through a buffer of 256 KiB; waits when a non-blocking one is full. The
/// process must ignore SIGPIPE. The destructor flushes, but only flush() tells whether that worked.
class FdOutputStream final : public OutputStream {
  public:
    /// Borrows `fd`, which must stay open as long as the stream lives. `name` appears in errors.
    FdOutputStream(int fd, std::string name);
    /// Owns `fd`.
    FdOutputStream(UniqueFd fd, std::string name);
    ~FdOutputStream() override;

    void write(ByteView octets) override;
    Result<void> flush() override;

    /// Nobody reads any more (EPIPE): a reason to end, not to complain.
    bool is_closed_reader() const;
    /// Octets the system took, without what is still buffered.
    std::uint64_t bytes_written() const { return bytes_written_; }
    const std::string& name() const { return name_; }

  private:
    void drain();
    void write_through(ByteView octets);

    UniqueFd owned_;
    int fd_;
    std::string name_;
    Bytes buffer_;
    std::uint64_t bytes_written_ = 0;
    int errno_ = 0;
};

/// Creates `path` for the user alone (mode 0600), or empties it when it exists. FIFOs and devices are opened
/// as they are; opening a FIFO waits for its reader. A symbolic link is followed only when root or the user
/// running this owns it, so that nobody can aim a root process at a file of their choice.
Result<std::unique_ptr<FdOutputStream>> create_output_file(const std::string& path);

}  // namespace sslsniff
