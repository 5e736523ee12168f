#pragma once

#include <cstdint>
#include <map>
#include <utility>

namespace sslsniff::api {

/// Numbers what threads receive, so that what they send next on other connections can be told to come after
/// it. That is a fact about threads, not about causes: an event loop serves several clients in one thread.
/// Remembers so many threads, then forgets all.
class ThreadTrace {
  public:
    /// The thread `tid` of `pid` has received something on `connection`: the same number as what it received
    /// there before, when nothing came between; else a new one. 0 when the thread is not known.
    std::uint64_t received(std::uint32_t pid, std::uint32_t tid, std::uint64_t connection);
    /// It sends something on `connection`: the number of what it received last, when that was on another one;
    /// else 0.
    std::uint64_t sent(std::uint32_t pid, std::uint32_t tid, std::uint64_t connection);

  private:
    static constexpr std::size_t kMostThreads = 65536;
    struct Received {
        std::uint64_t connection = 0;
        std::uint64_t number = 0;
        bool is_passed_on = false;  ///< something was sent since
    };
    std::map<std::pair<std::uint32_t, std::uint32_t>, Received> last_;
    std::uint64_t numbers_ = 0;
};

}  // namespace sslsniff::api
