#pragma once

#include <string>

#include "model/event.h"

namespace sslsniff::test {

/// Writes events as one short line each, for comparisons people can read: "1 open cleartext", "1 > GET /",
/// "1 < gap 5 snaplen", "1 close reset". Neighbouring data of one direction is one line.
class EventText final : public EventConsumer {
  public:
    void on_event(const CaptureEvent& event) override;
    /// All lines since the last call.
    std::string take();

  private:
    void line(const ConnectionId& connection, std::string_view text);

    std::string text_;
    std::string last_data_;  ///< prefix of the last line, when that was data
};

}  // namespace sslsniff::test
