#pragma once

#include <cstddef>
#include <cstdint>
#include <deque>
#include <optional>
#include <string>
#include <string_view>
#include <utility>

#include "base/bytes.h"
#include "output/otlp/spool.h"

namespace sslsniff {

/// Requests that wait for a collector, in order: in memory up to a bound, or in a folder up to another.
class RequestQueue {
  public:
    static constexpr std::size_t kMostMemory = 64U << 20U;  ///< bytes, compressed

    /// `spool`: open, or null. What was left in it by an earlier run comes first.
    explicit RequestQueue(Spool* spool);

    struct Request {
        SpoolKind kind = SpoolKind::traces;
        std::uint64_t items = 0;  ///< spans, or points of metrics
        Bytes body;               ///< a message, in gzip's form
    };
    /// False: there is no room. A spool that cannot be written to is one remark, and memory takes its place.
    bool push(Request request);

    bool is_empty() const { return waiting_.empty(); }
    /// Of all that waits.
    std::uint64_t items() const { return items_; }
    /// Of these, what stays in the folder when this ends.
    std::uint64_t spooled_items() const;

    /// A copy of the first; nothing when it cannot be read any more, which pop() has to follow. There is one.
    std::optional<Request> front() const;
    std::uint64_t front_items() const { return waiting_.front().items; }
    void pop();

    /// What people should know; empty: nothing. Told once.
    std::string take_remark() { return std::exchange(remark_, {}); }

  private:
    struct Waiting {
        SpoolKind kind;
        std::uint64_t items;
        Bytes body;                        ///< of those in memory
        std::optional<SpoolFile> spooled;  ///< else
    };

    bool push_to_spool(const Request& request);

    Spool* spool_;
    std::deque<Waiting> waiting_;
    std::uint64_t items_ = 0;
    std::size_t memory_ = 0;
    bool told_of_spool_ = false;
    std::string remark_;
};

}  // namespace sslsniff
