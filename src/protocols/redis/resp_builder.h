#pragma once

#include <cstdint>

#include "base/bytes.h"
#include "protocols/redis/resp.h"

namespace sslsniff::redis {

/// What of one value is kept.
struct RespLimits {
    std::size_t max_text = 65'536;  ///< bytes of text per value
    std::size_t max_nodes = 1024;   ///< nodes per value
};

/// Assembles one RespValue after the other within limits.
class RespBuilder {
  public:
    explicit RespBuilder(const RespLimits& limits) : limits_(limits) {}

    static constexpr std::uint32_t kNotKept = UINT32_MAX;
    /// Begins a node; keep() extends it. Returns its index or kNotKept.
    std::uint32_t add(RespType type, std::uint64_t size);
    /// For aggregates whose size is known at their end only.
    void set_size(std::uint32_t node, std::uint64_t size);
    /// Content of the latest node.
    void keep(ByteView bytes);
    /// Content of the latest node that was not captured. What follows it is counted, never kept: bytes
    /// before and behind a hole must not look adjacent.
    void miss(std::uint64_t bytes);
    /// Bytes on the wire, framing included.
    void count(std::uint64_t bytes) { value_.wire_size += bytes; }
    std::uint64_t wire_size() const { return value_.wire_size; }
    void mark_inline() { value_.is_inline = true; }

    /// Bytes of memory outside of itself.
    std::size_t held() const { return value_.held(); }
    /// Gives up the text that was kept; the value goes on. False when there is none.
    bool shed();

    /// The value so far; begins the next.
    RespValue release();
    /// The same, when it is finished.
    RespValue take();

  private:
    RespLimits limits_;
    std::uint32_t current_ = kNotKept;
    bool holed_ = false;
    RespValue value_;
};

}  // namespace sslsniff::redis
