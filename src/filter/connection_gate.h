#pragma once

#include <cstdint>
#include <map>
#include <variant>
#include <vector>

#include "filter/endpoint_filter.h"
#include "model/event.h"

namespace sslsniff {

/// Lets the events of those connections through whose endpoints pass a filter. Until the endpoints are known
/// events wait, bounded; connections of which they never become known stay out and are counted.
class ConnectionGate final : public EventConsumer {
  public:
    /// Borrows `next`.
    ConnectionGate(EndpointFilter filter, EventConsumer& next) : filter_(std::move(filter)), next_(next) {}

    void on_event(const CaptureEvent& event) override;
    /// Connections left out since nobody knows their socket.
    std::uint64_t undecided() const { return undecided_; }

  private:
    struct Waiting {
        std::vector<CaptureEvent> events;
        std::vector<Bytes> payloads;  ///< what DataEvents among them view, by their order
        std::size_t size = 0;
    };
    enum class Verdict : std::uint8_t { passes, refused };
    using State = std::variant<Waiting, Verdict>;

    void on_event_of(const ConnectionId& id, const CaptureEvent& event);
    void wait(State& state, const CaptureEvent& event);
    void release(Waiting waiting);

    EndpointFilter filter_;
    EventConsumer& next_;
    std::map<ConnectionId, State> connections_;
    std::uint64_t undecided_ = 0;
};

}  // namespace sslsniff
