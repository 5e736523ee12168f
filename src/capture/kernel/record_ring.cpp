#include "capture/kernel/record_ring.h"

#include <fmt/format.h>
#include <linux/bpf.h>
#include <sys/mman.h>
#include <unistd.h>

#include <cerrno>
#include <cstring>

namespace sslsniff {
namespace {

constexpr std::size_t kAlignment = 8;

std::span<std::byte> map_pages(int map_fd, std::size_t bytes, int protection, std::size_t offset) {
    void* pages = mmap(nullptr, bytes, protection, MAP_SHARED, map_fd, static_cast<off_t>(offset));
    return pages == MAP_FAILED ? std::span<std::byte>() : std::span(static_cast<std::byte*>(pages), bytes);
}

void unmap(std::span<std::byte> pages) {
    if (!pages.empty()) {
        munmap(pages.data(), pages.size());
    }
}

}  // namespace

Result<std::unique_ptr<RecordRing>> RecordRing::open(int map_fd, std::size_t bytes) {
    std::unique_ptr<RecordRing> ring(new RecordRing(map_fd, bytes));
    if (auto done = ring->map(); !done) {
        return std::unexpected(done.error());
    }
    return ring;
}

Result<void> RecordRing::map() {
    const auto page = static_cast<std::size_t>(sysconf(_SC_PAGESIZE));
    consumer_ = map_pages(map_fd_, page, PROT_READ | PROT_WRITE, 0);
    // The kernel refuses to let us write behind the first page.
    producer_ = map_pages(map_fd_, page + 2 * size(), PROT_READ, page);
    if (consumer_.empty() || producer_.empty()) {
        return fail(fmt::format("The ring buffer cannot be mapped ({}): try a smaller --buffer-size.",
                                std::strerror(errno)));
    }
    records_ = producer_.subspan(page).data();
    return {};
}

RecordRing::~RecordRing() {
    unmap(consumer_);
    unmap(producer_);
}

bool RecordRing::take(std::size_t budget, const OnRecord& on_record) {
    const Position began = consumer().load(std::memory_order_relaxed);
    const Position end = producer().load(std::memory_order_acquire);
    Position position = began;
    while (position < end && position - began < budget) {
        const std::byte* record = records_ + (position & mask_);
        // The kernel clears the bit when the record is complete.
        auto& word = *reinterpret_cast<std::uint32_t*>(const_cast<std::byte*>(record));
        const std::uint32_t header = std::atomic_ref(word).load(std::memory_order_acquire);
        if ((header & BPF_RINGBUF_BUSY_BIT) != 0) {
            break;
        }
        const std::size_t length = header & ~(BPF_RINGBUF_BUSY_BIT | BPF_RINGBUF_DISCARD_BIT);
        if ((header & BPF_RINGBUF_DISCARD_BIT) == 0) {
            on_record({reinterpret_cast<const char*>(record + BPF_RINGBUF_HDR_SZ), length});
        }
        position += (length + BPF_RINGBUF_HDR_SZ + kAlignment - 1) / kAlignment * kAlignment;
    }
    consumer().store(position, std::memory_order_release);
    return position != began;
}

std::size_t RecordRing::waiting() const {
    return producer().load(std::memory_order_acquire) - consumer().load(std::memory_order_relaxed);
}

}  // namespace sslsniff
