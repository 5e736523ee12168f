#pragma once

#include <span>
#include <string>
#include <utility>

#include "base/bytes.h"
#include "base/patience.h"
#include "base/result.h"
#include "base/unique_fd.h"

namespace sslsniff {

/// Where a reader of files gets its bytes, front to back.
class InputStream {
  public:
    InputStream() = default;
    InputStream(const InputStream&) = delete;
    InputStream& operator=(const InputStream&) = delete;
    virtual ~InputStream() = default;

    /// Fills the front of `into` (not empty) and returns how much that was; 0 is the end. May block.
    virtual Result<std::size_t> read(std::span<char> into) = 0;
    /// Becomes readable when read() would not block; -1 when read() never blocks.
    virtual int poll_fd() const { return -1; }
    /// Whether read() would return at once.
    bool is_readable() const;
    /// For messages.
    virtual const std::string& name() const = 0;
};

/// Reads bytes it owns.
class MemoryInputStream final : public InputStream {
  public:
    explicit MemoryInputStream(Bytes bytes, std::string name = "memory")
        : bytes_(std::move(bytes)), name_(std::move(name)) {}
    Result<std::size_t> read(std::span<char> into) override;
    const std::string& name() const override { return name_; }

  private:
    Bytes bytes_;
    std::string name_;
    std::size_t at_ = 0;
};

/// Reads a file, a pipe, a terminal.
class FdInputStream final : public InputStream {
  public:
    /// Borrows `fd` and `patience`, which must live as long as the stream. The input ends with `patience`.
    FdInputStream(int fd, std::string name, Patience* patience = nullptr)
        : fd_(fd), name_(std::move(name)), patience_(patience) {}
    /// Owns `fd`.
    FdInputStream(UniqueFd fd, std::string name, Patience* patience = nullptr)
        : FdInputStream(fd.get(), std::move(name), patience) {
        owned_ = std::move(fd);
    }
    Result<std::size_t> read(std::span<char> into) override;
    int poll_fd() const override { return fd_; }
    const std::string& name() const override { return name_; }

  private:
    UniqueFd owned_;
    int fd_;
    std::string name_;
    Patience* patience_;
};

Result<UniqueFd> open_input_file(const std::string& path);

}  // namespace sslsniff
