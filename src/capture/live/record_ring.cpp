#include "capture/live/record_ring.h"

#include <bpf/libbpf.h>
#include <fmt/format.h>

#include <cerrno>
#include <cstring>

namespace sslsniff {

Result<std::unique_ptr<RecordRing>> RecordRing::open(int map_fd) {
    std::unique_ptr<RecordRing> ring(new RecordRing);
    ring->ring_ = ring_buffer__new(map_fd, on_sample, ring.get(), nullptr);
    if (ring->ring_ == nullptr) {
        return fail(fmt::format("The ring buffer cannot be mapped ({}): try a smaller --buffer-size.",
                                std::strerror(errno)));
    }
    return ring;
}

RecordRing::~RecordRing() {
    ring_buffer__free(ring_);
}

int RecordRing::on_sample(void* context, void* data, std::size_t size) {
    auto* ring = static_cast<RecordRing*>(context);
    (*ring->on_record_)(ByteView(static_cast<const char*>(data), size));
    ring->taken_ += size + 1;
    // Any negative value stops here; the record itself is taken.
    return ring->taken_ >= ring->budget_ ? -ECANCELED : 0;
}

bool RecordRing::take(std::size_t budget, const OnRecord& on_record) {
    on_record_ = &on_record;
    budget_ = budget;
    taken_ = 0;
    ring_buffer__consume(ring_);
    on_record_ = nullptr;
    return taken_ > 0;
}

int RecordRing::descriptor() const {
    return ring_buffer__epoll_fd(ring_);
}

}  // namespace sslsniff
