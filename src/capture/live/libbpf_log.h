#pragma once

#include <string>

namespace sslsniff {

/// While it lives, collects what libbpf would print to stderr on this thread.
class LibbpfLog {
  public:
    LibbpfLog();
    ~LibbpfLog();
    LibbpfLog(const LibbpfLog&) = delete;
    LibbpfLog& operator=(const LibbpfLog&) = delete;

    /// The last lines, at most `lines`.
    std::string tail(std::size_t lines) const;

  private:
    std::string text_;
    std::string* outer_;
};

}  // namespace sslsniff
