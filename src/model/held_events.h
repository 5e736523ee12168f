#pragma once

#include <utility>
#include <vector>

#include "base/bytes.h"
#include "model/event.h"

namespace sslsniff {

/// Events kept for later, with bytes of their own.
class HeldEvents {
  public:
    void add(const CaptureEvent& event) {
        Held held{event, {}};
        if (auto* data = std::get_if<DataEvent>(&held.event)) {
            held.bytes = data->bytes;
            data->bytes = {};
        }
        bytes_ += held.bytes.size();
        events_.push_back(std::move(held));
    }
    /// Hands them on in their order. Call once.
    void deliver(EventConsumer& consumer) {
        for (Held& held : events_) {
            if (auto* data = std::get_if<DataEvent>(&held.event)) {
                data->bytes = held.bytes;
            }
            consumer.on_event(held.event);
        }
    }
    std::size_t size() const { return events_.size(); }
    std::size_t bytes() const { return bytes_; }  ///< bytes of payload

  private:
    struct Held {
        CaptureEvent event;  // DataEvent::bytes is empty: they are in `bytes`
        Bytes bytes;
    };
    std::vector<Held> events_;
    std::size_t bytes_ = 0;
};

}  // namespace sslsniff
