#include "output/pcapng/conversation.h"

#include <algorithm>
#include <array>
#include <utility>

#include "output/pcapng/frame.h"
#include "output/pcapng/synthetic_tls.h"

namespace sslsniff {
namespace {

/// More zeros than this for one gap help nobody.
constexpr std::uint64_t kMaxZeros = 1 << 20;
/// Beyond half the sequence space a hole looks like a step back (RFC 9293 section 3.4).
constexpr std::uint64_t kMaxHole = 1 << 30;

/// Spreads consecutive salts over the sequence space (Knuth's multiplicative hash).
std::uint32_t initial_sequence(std::uint32_t salt) {
    return (salt + 1) * 2'654'435'761U;
}

}  // namespace

Conversation::Conversation(ConversationShape shape)
    : shape_(std::move(shape)),
      client_sequence_(initial_sequence(2 * shape_.salt)),
      server_sequence_(initial_sequence(2 * shape_.salt + 1)) {}

void Conversation::open(Section& section, const PacketContext& context, std::string_view comment) {
    if (shape_.transport == Transport::udp) {
        note(context.time, std::string(comment));  // nothing opens it
        return;
    }
    const Direction client = towards_server();
    segment(section, context, client, tcp_syn, {}, comment);
    segment(section, context, opposite(client), tcp_syn | tcp_ack, {});
    segment(section, context, client, tcp_ack, {});
    shake_hands(section, context);
}

void Conversation::turn_into(Section& section, const PacketContext& context, Encapsulation encapsulation,
                             std::string server_name, std::string_view comment) {
    shape_.encapsulation = std::move(encapsulation);
    shape_.server_name = std::move(server_name);
    if (shape_.encapsulation.tls) {
        shake_hands(section, context, comment);
    } else {
        note(context.time, std::string(comment));
    }
}

/// `comment` goes to the ClientHello.
void Conversation::shake_hands(Section& section, const PacketContext& context, std::string_view comment) {
    const SyntheticHandshake handshake =
        make_synthetic_handshake(context.time, shape_.server_name, shape_.encapsulation.alpn);
    for (const HintRecord& record : make_hint(shape_.encapsulation.hint, shape_.encapsulation.hints,
                                              shape_.client, shape_.server, handshake.client_hello)) {
        section.hint(context.time, record);
    }
    if (!shape_.encapsulation.tls) {
        return;
    }
    const Direction client = towards_server();
    const Direction server = opposite(client);
    for (const auto& [direction, flight] : {std::pair{client, ByteView(handshake.client_hello)},
                                            {server, ByteView(handshake.server_hello)},
                                            {client, ByteView(handshake.client_finish)},
                                            {server, ByteView(handshake.server_finish)}}) {
        segment(section, context, direction, tcp_psh | tcp_ack, {&flight, 1}, comment);
        comment = {};
    }
}

void Conversation::write(Section& section, const PacketContext& context, Direction direction,
                         ByteView plaintext, std::string_view comment) {
    do {
        const ByteView part = plaintext.substr(0, max_chunk());
        chunk(section, context, direction, part, comment);
        plaintext.remove_prefix(part.size());
        comment = {};
    } while (!plaintext.empty());
}

void Conversation::lost(Section& section, const PacketContext& context, GapComment gap) {
    dropped_ += gap.bytes;
    if (!shape_.encapsulation.tls) {
        (to_server(gap.direction) ? client_sequence_ : server_sequence_) +=
            static_cast<std::uint32_t>(gap.bytes);
        note(context.time, to_comment(gap));
        return;
    }
    static const Bytes zeros(kMaxTlsPlaintext, '\0');
    gap.zeros = true;
    std::string comment = to_comment(gap);
    for (std::uint64_t rest = gap.bytes; rest > 0;) {
        const std::uint64_t here = std::min<std::uint64_t>(rest, zeros.size());
        chunk(section, context, gap.direction, ByteView(zeros).substr(0, here), comment);
        rest -= here;
        comment = filler_comment("zeros in place of bytes that were not captured");
    }
}

void Conversation::flush(Section& section, const PacketContext& context) {
    if (notes_.empty() && dropped_ == 0) {
        return;
    }
    const Bytes headers = shape_.transport == Transport::udp ? datagram_headers(Direction::sent, {})
                                                             : segment_headers(Direction::sent, tcp_ack, {});
    section.note(context, headers, take_notes(context.time));
}

void Conversation::fail(Section& section, const PacketContext& context, CloseReason reason,
                        std::string_view comment) {
    const Direction client = towards_server();
    note(context.time, std::string(comment));
    if (reason == CloseReason::refused) {
        segment(section, context, client, tcp_syn, {});
        segment(section, context, opposite(client), tcp_rst | tcp_ack, {}, close_comment(reason));
    } else {
        segment(section, context, client, tcp_syn, {}, close_comment(reason));
    }
}

void Conversation::close(Section& section, const PacketContext& context, CloseReason reason) {
    const std::string comment = close_comment(reason);
    if (shape_.transport == Transport::udp || reason == CloseReason::timed_out) {  // no packet says so
        note(context.time, comment);
        flush(section, context);
        return;
    }
    if (reason == CloseReason::reset) {
        segment(section, context, Direction::received, tcp_rst | tcp_ack, {}, comment);
        return;
    }
    segment(section, context, Direction::sent, tcp_fin | tcp_ack, {}, comment);
    segment(section, context, Direction::received, tcp_fin | tcp_ack, {});
    segment(section, context, Direction::sent, tcp_ack, {});
}

std::uint64_t Conversation::max_gap() const {
    return shape_.encapsulation.tls ? kMaxZeros : kMaxHole;
}

std::size_t Conversation::max_chunk() const {
    if (shape_.transport == Transport::udp) {
        return kMaxUdpPayload;
    }
    return shape_.encapsulation.tls ? kMaxTlsPlaintext : kMaxTcpPayload;
}

/// One record in one segment, one segment, or one datagram.
void Conversation::chunk(Section& section, const PacketContext& context, Direction direction,
                         ByteView plaintext, std::string_view comment) {
    if (shape_.transport == Transport::udp) {
        datagram(section, context, direction, plaintext, comment);
    } else if (shape_.encapsulation.tls) {
        const Bytes header = application_data_header(plaintext.size());
        const std::array<ByteView, 3> record{header, plaintext, application_data_trailer()};
        segment(section, context, direction, tcp_psh | tcp_ack, record, comment);
    } else {
        segment(section, context, direction, tcp_psh | tcp_ack, {&plaintext, 1}, comment);
    }
}

PacketNotes Conversation::take_notes(Timestamp time) {
    PacketNotes notes{.comments = {}, .dropped = std::exchange(dropped_, 0)};
    for (Note& note : std::exchange(notes_, {})) {
        notes.comments.push_back(delayed_comment(std::move(note.comment), time - note.time));
    }
    return notes;
}

void Conversation::segment(Section& section, const PacketContext& context, Direction direction,
                           std::uint8_t flags, std::span<const ByteView> payload, std::string_view comment) {
    if (!comment.empty()) {
        note(context.time, std::string(comment));
    }
    const Bytes headers = segment_headers(direction, flags, payload);
    std::array<ByteView, 4> pieces{headers};
    std::ranges::copy(payload, pieces.begin() + 1);
    section.packet(context, direction, std::span(pieces).first(payload.size() + 1), take_notes(context.time));
    std::uint32_t& sequence = to_server(direction) ? client_sequence_ : server_sequence_;
    for (const ByteView piece : payload) {
        sequence += static_cast<std::uint32_t>(piece.size());
    }
    sequence += (flags & (tcp_syn | tcp_fin)) != 0 ? 1 : 0;
}

Bytes Conversation::segment_headers(Direction direction, std::uint8_t flags,
                                    std::span<const ByteView> payload) const {
    const bool up = to_server(direction);
    const std::uint32_t acknowledgment = up ? server_sequence_ : client_sequence_;
    return tcp_headers({.source = up ? shape_.client : shape_.server,
                        .destination = up ? shape_.server : shape_.client,
                        .sequence = up ? client_sequence_ : server_sequence_,
                        .acknowledgment = (flags & tcp_ack) != 0 ? acknowledgment : 0,
                        .flags = flags,
                        .to_server = up},
                       payload);
}

Bytes Conversation::datagram_headers(Direction direction, ByteView payload) const {
    const bool up = to_server(direction);
    return udp_headers(up ? shape_.client : shape_.server, up ? shape_.server : shape_.client, up, payload);
}

void Conversation::datagram(Section& section, const PacketContext& context, Direction direction,
                            ByteView payload, std::string_view comment) {
    if (!comment.empty()) {
        note(context.time, std::string(comment));
    }
    const Bytes headers = datagram_headers(direction, payload);
    const std::array<ByteView, 2> pieces{headers, payload};
    section.packet(context, direction, pieces, take_notes(context.time));
}

}  // namespace sslsniff
