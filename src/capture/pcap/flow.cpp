#include "capture/pcap/flow.h"

namespace sslsniff {
namespace {

constexpr const char* kCiphertext = "no plaintext in this capture";

}  // namespace

/// Hands one direction of the TCP connection to the layer above.
class Flow::StreamReceiver final : public TcpStream::Receiver {
  public:
    StreamReceiver(Flow& flow, Direction direction, Timestamp time)
        : flow_(flow), direction_(direction), time_(time) {}
    void on_bytes(ByteView bytes) override { flow_.layer_.on_bytes(direction_, bytes, time_, flow_); }
    void on_missing(std::uint64_t bytes, LossCause cause) override {
        flow_.layer_.on_missing(direction_, bytes, cause, time_, flow_);
    }

  private:
    Flow& flow_;
    Direction direction_;
    Timestamp time_;
};

void Flow::on_segment(Direction direction, const TcpSegmentView& segment, Timestamp time,
                      EventConsumer& consumer) {
    consumer_ = &consumer;
    const auto index = static_cast<std::size_t>(direction);
    const bool from_client = direction == Direction::sent;
    if (segment.rst && !from_client && is_unanswered()) {
        if (opening_.refuses(segment)) {  // else it is for an older connection
            close(CloseReason::refused, time, consumer);
        }
        return;
    }
    if (segment.rst && from_client && is_unanswered() && !opening_.withdraws(segment)) {
        return;  // the same
    }
    const bool was_connected = opening_.connect_time().has_value();
    opening_.on_segment(from_client, segment, time);
    if (announced_ && !was_connected && opening_.connect_time()) {
        tell_endpoints(time);
    }
    if (segment.ack &&
        (from_client ||
         !is_unanswered())) {  // first: what was lost before this segment must be known before it
        StreamReceiver receiver(*this, opposite(direction), time);
        streams_[1 - index].on_acknowledgment(segment.acknowledgment, time, receiver);
    }
    if (segment.rst) {  // what it carries is a remark for people (RFC 9293 section 3.5.3)
        reset_by_ = direction;
        close(CloseReason::reset, time, consumer);
        return;
    }
    StreamReceiver receiver(*this, direction, time);
    streams_[index].on_segment(segment, time, receiver);
    if (streams_[0].has_ended() && streams_[1].has_ended()) {
        close(CloseReason::shutdown, time, consumer);
    }
}

bool Flow::goes_on(Direction direction, const TcpSegmentView& segment) const {
    const TcpStream& stream = streams_[static_cast<std::size_t>(direction)];
    return closed_ && reset_by_ == direction && !segment.rst && !segment.syn && segment.length != 0 &&
           stream.has_started() && segment.sequence == stream.next();
}

Flow::Start Flow::start_again(Timestamp time) const {
    Start start = start_;
    start.opened = time;
    start.midstream = positions_[0] != 0 || positions_[1] != 0;
    return start;
}

void Flow::on_datagram(Direction direction, ByteView bytes, std::uint64_t cut, Timestamp time,
                       EventConsumer& consumer) {
    consumer_ = &consumer;
    announce(Carrier::cleartext);
    on_bytes(direction, bytes, time);
    if (cut != 0) {
        on_missing(direction, cut, LossCause::snaplen, time);
    }
}

void Flow::flush(Timestamp time, EventConsumer& consumer) {
    consumer_ = &consumer;
    for (const Direction direction : {Direction::sent, Direction::received}) {
        StreamReceiver receiver(*this, direction, time);
        streams_[static_cast<std::size_t>(direction)].flush(receiver);
    }
    layer_.finish(*this);
}

void Flow::close(CloseReason reason, Timestamp time, EventConsumer& consumer) {
    if (closed_) {
        return;
    }
    flush(time, consumer);
    closed_ = true;
    announce(Carrier::cleartext);  // it carried nothing
    consumer.on_event(CloseEvent{start_.id, time, reason});
}

void Flow::finish(Timestamp now, EventConsumer& consumer) {
    if (opening_.has_waited_in_vain(now)) {
        close(CloseReason::timed_out, last_seen, consumer);
    } else if (!closed_) {
        flush(last_seen, consumer);
        announce(Carrier::cleartext);
    }
}

std::size_t Flow::held_bytes() const {
    return streams_[0].held_bytes() + streams_[1].held_bytes() + layer_.held_bytes();
}

void Flow::on_layer(WireLayer layer, const TlsInfo& tls, Timestamp time) {
    if (announced_) {
        begin_next_part(layer == WireLayer::clear ? CloseReason::shutdown : CloseReason::tls_began, time);
    }
    announce(layer == WireLayer::clear ? Carrier::cleartext : Carrier::tls);
    if (layer == WireLayer::clear) {
        return;
    }
    TlsEvent event{start_.id, start_.opened, Role::client, tls};
    if (layer == WireLayer::encrypted) {
        event.tls.not_decoded = kCiphertext;
    }
    consumer_->on_event(event);
}

/// The same TCP connection carries something else.
void Flow::begin_next_part(CloseReason reason, Timestamp time) {
    consumer_->on_event(CloseEvent{start_.id, time, reason});
    start_.id.generation = (*start_.next_generation)++;
    start_.opened = time;
    start_.midstream = false;
    positions_ = {};
    announced_ = false;
}

void Flow::on_bytes(Direction direction, ByteView bytes, Timestamp time) {
    std::uint64_t& position = positions_[static_cast<std::size_t>(direction)];
    consumer_->on_event(DataEvent{start_.id, time, 0, direction, position, bytes});
    position += bytes.size();
}

void Flow::on_missing(Direction direction, std::uint64_t bytes, LossCause cause, Timestamp time) {
    std::uint64_t& position = positions_[static_cast<std::size_t>(direction)];
    consumer_->on_event(GapEvent{start_.id, time, direction, position, bytes, cause});
    position += bytes;
}

void Flow::announce(Carrier carrier) {
    if (announced_) {
        return;
    }
    announced_ = true;
    consumer_->on_event(OpenEvent{start_.id, start_.opened, carrier, start_.midstream, {}});
    tell_endpoints(start_.opened);
}

void Flow::tell_endpoints(Timestamp time) {
    EndpointsEvent event;
    event.connection = start_.id;
    event.time = time;
    event.role = Role::client;
    event.correlation = Correlation::socket;
    event.endpoints = {start_.transport, start_.client, start_.server, 0, 0, opening_.connect_time()};
    consumer_->on_event(event);
}

}  // namespace sslsniff
