#include "capture/live/live_source.h"

#include <utility>

#include "capture/live/ring_reader.h"

namespace sslsniff {

LiveSource::LiveSource(std::unique_ptr<Probes> probes, std::unique_ptr<RingReader> reader)
    : probes_(std::move(probes)), reader_(std::move(reader)) {}
LiveSource::~LiveSource() = default;

Result<std::unique_ptr<LiveSource>> LiveSource::open(std::unique_ptr<Probes> probes,
                                                     const RecordSource& records) {
    auto reader = RingReader::open(records, *probes);
    if (!reader) {
        return std::unexpected(reader.error());
    }
    (*reader)->wait_for(probes->descriptors());
    return std::unique_ptr<LiveSource>(new LiveSource(std::move(probes), *std::move(reader)));
}

Result<PollStatus> LiveSource::poll(EventConsumer& consumer) {
    probes_->attend();
    const PollStatus status = reader_->poll(consumer, probes_->has_stopped());
    probes_->look_after();
    if (status == PollStatus::ended) {
        if (auto failure = probes_->failure()) {
            return std::unexpected(*std::move(failure));
        }
    }
    return status;
}

int LiveSource::poll_fd() const {
    return reader_->poll_fd();
}

std::optional<BufferUse> LiveSource::buffer_use() const {
    return reader_->buffer_use();
}

Origin LiveSource::origin() const {
    return reader_->origin();
}

}  // namespace sslsniff
