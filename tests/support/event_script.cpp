#include "support/event_script.h"

namespace sslsniff::test {

EventScript::EventScript(EventConsumer& consumer, ConnectionId id, Timestamp start)
    : consumer_(consumer), id_(id), now_(start) {}

EventScript& EventScript::process(std::string_view comm, std::string_view exe) {
    ProcessEvent event;
    event.time = tick();
    event.process.key = id_.process();
    event.process.comm = comm;
    event.process.exe = exe;
    event.process.uid = 1000;
    consumer_.on_event(event);
    return *this;
}

EventScript& EventScript::open(Carrier carrier, bool midstream, std::string_view library) {
    consumer_.on_event(OpenEvent{id_, tick(), carrier, midstream,
                                 std::string(carrier == Carrier::tls ? library : std::string_view())});
    return *this;
}

EventScript& EventScript::endpoints(Role role, std::string_view local, std::string_view remote,
                                    Transport transport, std::uint64_t cookie, std::uint32_t netns) {
    EndpointsEvent event;
    event.connection = id_;
    event.time = tick();
    event.role = role;
    event.correlation = Correlation::nested;
    event.endpoints = {transport, parse_endpoint(local).value(), parse_endpoint(remote).value(), cookie,
                       netns};
    consumer_.on_event(event);
    return *this;
}

EventScript& EventScript::tls(const TlsInfo& info) {
    consumer_.on_event(TlsEvent{id_, tick(), Role::unknown, info});
    return *this;
}

EventScript& EventScript::gap(Direction direction, std::uint64_t bytes, LossCause cause) {
    std::uint64_t& position = positions_[static_cast<std::size_t>(direction)];
    consumer_.on_event(GapEvent{id_, tick(), direction, position, bytes, cause});
    position += bytes;
    return *this;
}

EventScript& EventScript::close(CloseReason reason) {
    consumer_.on_event(CloseEvent{id_, tick(), reason});
    return *this;
}

EventScript& EventScript::wait(Duration duration) {
    now_ += duration;
    return *this;
}

EventScript& EventScript::data(Direction direction, std::string_view bytes) {
    std::uint64_t& position = positions_[static_cast<std::size_t>(direction)];
    consumer_.on_event(DataEvent{id_, tick(), id_.pid, direction, position, bytes});
    position += bytes.size();
    return *this;
}

}  // namespace sslsniff::test
