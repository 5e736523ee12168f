#pragma once

#include <chrono>
#include <deque>
#include <utility>
#include <variant>

#include "capture/event_source.h"
#include "model/event.h"

namespace sslsniff::test {

/// Keeps all events, with copies of their payload.
class RecordedEvents final : public EventConsumer {
  public:
    void on_event(const CaptureEvent& event) override {
        CaptureEvent copy = event;
        if (auto* data = std::get_if<DataEvent>(&copy)) {
            data->bytes = payloads_.emplace_back(data->bytes);
        }
        events_.push_back(std::move(copy));
    }
    const std::deque<CaptureEvent>& events() const { return events_; }
    template <class Event>
    const Event& at(std::size_t index) const {
        return std::get<Event>(events_.at(index));
    }

  private:
    std::deque<CaptureEvent> events_;
    std::deque<Bytes> payloads_;  ///< never moved: events_ views them
};

/// Polls until the source has ended or failed.
inline Result<void> drain(EventSource& source, EventConsumer& consumer) {
    for (;;) {
        const auto status = source.poll(consumer);
        if (!status) {
            return std::unexpected(status.error());
        }
        if (*status == PollStatus::ended) {
            return {};
        }
    }
}

}  // namespace sslsniff::test
