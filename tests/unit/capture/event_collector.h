#pragma once

#include <string>
#include <variant>
#include <vector>

#include "model/event.h"

namespace sslsniff {

/// Keeps the events, and the bytes that data events only lend.
struct Collector : EventConsumer {
    std::vector<CaptureEvent> events;
    std::vector<std::string> bytes;
    void on_event(const CaptureEvent& event) override {
        events.push_back(event);
        const auto* data = std::get_if<DataEvent>(&event);
        bytes.emplace_back(data != nullptr ? data->bytes : "");
    }
    template <class T>
    std::vector<T> all() const {
        std::vector<T> found;
        for (const CaptureEvent& event : events) {
            if (const T* one = std::get_if<T>(&event)) {
                found.push_back(*one);
            }
        }
        return found;
    }
};

}  // namespace sslsniff
