#include "capture/live/live_source.h"

#include "capture/live/live_capture.h"

namespace sslsniff {

LiveSource::LiveSource(std::unique_ptr<LiveCapture> capture) : capture_(std::move(capture)) {}
LiveSource::~LiveSource() = default;

Result<std::unique_ptr<LiveSource>> LiveSource::open(const LiveOptions& options) {
    auto capture = LiveCapture::start(options);
    if (!capture) {
        return std::unexpected(capture.error());
    }
    return std::unique_ptr<LiveSource>(new LiveSource(std::move(*capture)));
}

const LiveReport& LiveSource::report() const {
    return capture_->report();
}

std::vector<pid_t> LiveSource::captured() const {
    return capture_->captured();
}

Result<void> LiveSource::stop() {
    return capture_->stop();
}

Result<PollStatus> LiveSource::poll(EventConsumer& consumer) {
    return capture_->poll(consumer);
}

int LiveSource::poll_fd() const {
    return capture_->poll_fd();
}

Origin LiveSource::origin() const {
    return capture_->origin();
}

}  // namespace sslsniff
