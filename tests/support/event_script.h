#pragma once

#include <array>
#include <cstdint>
#include <string>
#include <string_view>

#include "model/event.h"

namespace sslsniff::test {

/// Produces the events of one connection, in the order a capture would, positions and times included. Time
/// advances by 1 ms per event from `start`.
class EventScript {
  public:
    EventScript(EventConsumer& consumer, ConnectionId id, Timestamp start = kStart);

    static constexpr Timestamp kStart{std::chrono::seconds(1'782'000'000)};

    EventScript& process(std::string_view comm, std::string_view exe = "");
    EventScript& open(Carrier carrier = Carrier::tls, bool midstream = false,
                      std::string_view library = "OpenSSL 3.0.17");
    EventScript& endpoints(Role role, std::string_view local, std::string_view remote,
                           Transport transport = Transport::tcp, std::uint64_t cookie = 0,
                           std::uint32_t netns = 0);
    EventScript& tls(const TlsInfo& info);
    EventScript& sent(std::string_view bytes) { return data(Direction::sent, bytes); }
    EventScript& received(std::string_view bytes) { return data(Direction::received, bytes); }
    EventScript& gap(Direction direction, std::uint64_t bytes, LossCause cause = LossCause::ring_full);
    EventScript& close(CloseReason reason = CloseReason::shutdown);
    EventScript& wait(Duration duration);

  private:
    EventScript& data(Direction direction, std::string_view bytes);
    Timestamp tick() { return now_ += std::chrono::milliseconds(1); }

    EventConsumer& consumer_;
    ConnectionId id_;
    Timestamp now_;
    std::array<std::uint64_t, 2> positions_{};
};

}  // namespace sslsniff::test
