#pragma once

#include <atomic>
#include <cstddef>
#include <cstdint>
#include <functional>
#include <memory>
#include <span>

#include "base/bytes.h"
#include "base/result.h"

namespace sslsniff {

/// The reading end of a BPF ring buffer (kernel: kernel/bpf/ringbuf.c, include/uapi/linux/bpf.h). libbpf's
/// own does not tell how much waits, and gives back the room of each record by itself, which costs the writer
/// on another CPU a cache miss per record.
class RecordRing {
  public:
    using OnRecord = std::function<void(ByteView record)>;

    /// `map_fd` must outlive the ring; `bytes` is the map's max_entries, a power of two.
    static Result<std::unique_ptr<RecordRing>> open(int map_fd, std::size_t bytes);
    RecordRing(const RecordRing&) = delete;
    RecordRing& operator=(const RecordRing&) = delete;
    ~RecordRing();

    /// Hands over what is there, but stops behind `budget` bytes; their room is given back at the end. True
    /// when there was anything.
    bool take(std::size_t budget, const OnRecord& on_record);

    /// Bytes of the ring that are in use, headers included.
    std::size_t waiting() const;
    std::size_t size() const { return mask_ + 1; }

    /// Readable when the kernel side asks for attention.
    int descriptor() const { return map_fd_; }

  private:
    using Position = std::uint64_t;  // counts bytes from the beginning, never wraps

    RecordRing(int map_fd, std::size_t bytes) : map_fd_(map_fd), mask_(bytes - 1) {}
    Result<void> map();
    std::atomic_ref<Position> consumer() const { return std::atomic_ref(*position_of(consumer_)); }
    std::atomic_ref<Position> producer() const { return std::atomic_ref(*position_of(producer_)); }
    static Position* position_of(std::span<std::byte> pages) {
        return reinterpret_cast<Position*>(pages.data());
    }

    int map_fd_;
    std::size_t mask_;
    std::span<std::byte> consumer_;  ///< a page with our position
    std::span<std::byte> producer_;  ///< a page with the kernel's position, then the ring, twice in a row
    const std::byte* records_ = nullptr;
};

}  // namespace sslsniff
