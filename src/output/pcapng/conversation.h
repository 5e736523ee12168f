#pragma once

#include <cstdint>
#include <span>
#include <string>
#include <string_view>
#include <utility>
#include <vector>

#include "base/bytes.h"
#include "model/connection.h"
#include "model/event.h"
#include "model/packet_comment.h"
#include "output/pcapng/encapsulation.h"
#include "output/pcapng/section.h"

namespace sslsniff {

/// What the packets of a conversation look like.
struct ConversationShape {
    Transport transport = Transport::tcp;  ///< tcp or udp
    Endpoint client;                       ///< as shown; both of one address family
    Endpoint server;                       ///< the same
    bool local_is_client = true;
    Encapsulation encapsulation;
    std::string server_name;  ///< for the synthetic ClientHello; may be empty
    std::uint32_t salt = 0;   ///< varies the initial sequence numbers: a reused 5-tuple must not repeat them
};

/// One synthetic TCP connection, or the datagrams between two UDP ports.
class Conversation {
  public:
    explicit Conversation(ConversationShape shape);

    /// TCP and TLS handshake, with dissector hints where the encapsulation wants them.
    void open(Section& section, const PacketContext& context, std::string_view comment);
    /// What follows is carried otherwise: TLS begins in the same TCP connection.
    void turn_into(Section& section, const PacketContext& context, Encapsulation encapsulation,
                   std::string server_name, std::string_view comment);
    /// `comment` goes to the first of the packets.
    void write(Section& section, const PacketContext& context, Direction direction, ByteView plaintext,
               std::string_view comment = {});
    /// `gap.bytes` bytes are missing: zeros in TLS records (a hole in the sequence would end the dissection
    /// of this direction), a hole in plain TCP, of which the next packet tells.
    void lost(Section& section, const PacketContext& context, GapComment gap);
    /// The next packet says this of `time`, whatever else it carries.
    void note(Timestamp time, std::string comment) { notes_.push_back({time, std::move(comment)}); }
    /// No packet follows: what was to be said goes into a block that dissectors pass over.
    void flush(Section& section, const PacketContext& context);
    /// It never came about: nobody answered, or the server refused.
    void fail(Section& section, const PacketContext& context, CloseReason reason, std::string_view comment);
    void close(Section& section, const PacketContext& context, CloseReason reason);

    const ConversationShape& shape() const { return shape_; }
    bool carries_tls_records() const { return shape_.encapsulation.tls; }
    /// The most bytes lost() is able to stand for.
    std::uint64_t max_gap() const;

  private:
    bool to_server(Direction direction) const {
        return (direction == Direction::sent) == shape_.local_is_client;
    }
    Direction towards_server() const {
        return shape_.local_is_client ? Direction::sent : Direction::received;
    }
    void segment(Section& section, const PacketContext& context, Direction direction, std::uint8_t flags,
                 std::span<const ByteView> payload, std::string_view comment = {});
    Bytes segment_headers(Direction direction, std::uint8_t flags, std::span<const ByteView> payload) const;
    Bytes datagram_headers(Direction direction, ByteView payload) const;
    void datagram(Section& section, const PacketContext& context, Direction direction, ByteView payload,
                  std::string_view comment);
    void chunk(Section& section, const PacketContext& context, Direction direction, ByteView plaintext,
               std::string_view comment);
    std::size_t max_chunk() const;
    void shake_hands(Section& section, const PacketContext& context, std::string_view comment = {});
    PacketNotes take_notes(Timestamp time);

    struct Note {
        Timestamp time;
        std::string comment;
    };
    ConversationShape shape_;
    std::vector<Note> notes_;    ///< of the next packet
    std::uint64_t dropped_ = 0;  ///< bytes, before it
    std::uint32_t client_sequence_;
    std::uint32_t server_sequence_;
};

}  // namespace sslsniff
