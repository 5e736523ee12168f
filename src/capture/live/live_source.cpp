#include "capture/live/live_source.h"

#include <utility>

#include "capture/live/attacher.h"
#include "capture/live/ring_reader.h"

namespace sslsniff {

LiveSource::LiveSource(std::unique_ptr<Attacher> attacher, std::unique_ptr<RingReader> reader)
    : attacher_(std::move(attacher)), reader_(std::move(reader)) {}
LiveSource::~LiveSource() = default;

Result<std::unique_ptr<LiveSource>> LiveSource::open(const LiveOptions& options) {
    auto attacher = Attacher::start(options);
    if (!attacher) {
        return std::unexpected(attacher.error());
    }
    const LiveReport& report = (*attacher)->report();
    auto reader = RingReader::open({.ring_fd = (*attacher)->ring_fd(),
                                    .ring_bytes = report.ring_bytes,
                                    .show_tls = options.tls,
                                    .show_cleartext = options.cleartext,
                                    .has_cleartext = report.cleartext,
                                    .has_ciphertext = report.ciphertext},
                                   **attacher);
    if (!reader) {
        return std::unexpected(reader.error());
    }
    (*reader)->wait_for((*attacher)->descriptors());
    return std::unique_ptr<LiveSource>(new LiveSource(*std::move(attacher), *std::move(reader)));
}

const LiveReport& LiveSource::report() const {
    return attacher_->report();
}

std::vector<pid_t> LiveSource::captured() const {
    return attacher_->captured();
}

Result<void> LiveSource::stop() {
    return attacher_->stop();
}

Result<PollStatus> LiveSource::poll(EventConsumer& consumer) {
    attacher_->attach_new();
    const PollStatus status = reader_->poll(consumer, attacher_->has_stopped());
    attacher_->look_after();
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
