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

Result<void> LiveSource::pause(EventConsumer& consumer) {
    if (paused_) {
        return {};
    }
    auto stopped = probes_->stop();
    while (reader_->poll(consumer, true) != PollStatus::ended) {
    }
    reader_->end_connections(consumer);
    paused_ = true;
    return stopped;
}

Result<void> LiveSource::resume() {
    if (!paused_) {
        return {};
    }
    const auto records = probes_->restart();
    if (!records) {
        return std::unexpected(records.error());
    }
    reader_->begin_again(*records);
    paused_ = false;
    return {};
}

Result<PollStatus> LiveSource::poll(EventConsumer& consumer) {
    probes_->attend();
    if (paused_) {
        reader_->await();
        auto failure = probes_->failure();
        return failure ? Result<PollStatus>(std::unexpected(*std::move(failure))) : PollStatus::idle;
    }
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
