#pragma once

#include <array>
#include <cstdint>
#include <map>
#include <memory>
#include <optional>
#include <string>
#include <vector>

#include "base/bytes.h"
#include "model/connection.h"
#include "model/dissector_traits.h"
#include "model/event.h"
#include "model/stream_context.h"
#include "output/pcapng/address_book.h"
#include "output/pcapng/conversation.h"
#include "output/pcapng/handovers.h"
#include "output/pcapng/section.h"

namespace sslsniff {

/// What all connections of a capture share. Borrows everything.
struct PcapngCapture {
    static constexpr std::size_t kMaxNotes = 4096;
    Section* section = nullptr;       ///< of the current file, never null
    std::uint32_t file = 0;           ///< counts files
    std::uint32_t conversations = 0;  ///< counts synthetic connections
    AddressBook addresses;
    Handovers handovers;
    std::map<ConnectionId, std::string> notes;  ///< what the next packet of a connection says
    EncapsulationOptions encapsulation;
    Dissectors dissectors;
};

/// What is remembered of a connection that was forgotten: enough to go on without telling a loss.
struct FormerConnection {
    Carrier carrier = Carrier::tls;
    std::uint32_t part = 0;
    std::array<std::uint64_t, 2> positions{};
};

/// Turns the events of one connection into packets. Waits with the first ones, bounded, until it is known
/// which addresses they have and, inside TLS, which protocol it speaks.
class ConnectionWriter {
  public:
    /// `former`: the same connection before it was forgotten.
    ConnectionWriter(ConnectionInfo info, PcapngCapture& capture, const FormerConnection& former = {});

    void on_endpoints(const EndpointsEvent& event);
    void on_tls(const TlsEvent& event);
    void on_data(const DataEvent& event);
    void on_gap(const GapEvent& event);
    void on_close(const CloseEvent& event);
    void on_process(std::shared_ptr<const ProcessInfo> process);
    /// Writes what waits, with made-up addresses where the real ones are not known.
    void release();
    const ConnectionId& id() const { return info_.id; }
    /// What later files need for a beginning in the middle.
    bool has_context() const { return stream_context_ != nullptr; }
    void forget_context() { stream_context_.reset(); }
    /// The file ends; nothing of the connection may wait for its next packet.
    void end_file(Timestamp time);
    /// The capture ends, and the connection goes on. When nothing was written of it, says that it was there.
    void finish(Timestamp time);
    /// Nothing follows, although the connection goes on. What a writer needs to go on.
    FormerConnection abandon(Timestamp time);

    /// Bytes of memory outside of itself.
    std::size_t held() const;
    /// Bytes waiting, and what each event costs that waits.
    std::size_t held_bytes() const { return held_bytes_; }
    bool holds() const { return !held_.empty(); }
    /// More bytes may show the protocol.
    bool awaits_protocol() const { return endpoints_known_ && is_nameless(); }

  private:
    /// Plaintext, or a gap where `bytes` is empty.
    struct Held {
        Timestamp time;
        std::uint32_t tid = 0;
        Direction direction = Direction::sent;
        std::uint64_t position = 0;
        Bytes bytes;
        std::optional<GapEvent> gap;
    };

    bool may_start() const { return (endpoints_known_ && !is_nameless()) || conversation_; }
    /// True as long as Wireshark could not know the protocol: it takes it from the handshake that we make up.
    bool is_nameless() const;
    void look_at(const DataEvent& event);
    const DissectorTraits* guessed_protocol() const;
    const DissectorTraits* named_protocol() const;
    void write(const DataEvent& event);
    void write_gap(const GapEvent& event);
    void lose(PacketContext& context, GapComment gap);
    void ensure_open(PacketContext& context);
    void open(PacketContext& context, std::optional<ConnectionComment::Gap> gap);
    void open_silently(PacketContext& context);
    bool goes_on() const { return conversation_ && file_ == capture_.file; }
    EncapsulationInput encapsulation_input() const;
    ConversationShape shape(const Conversation* former);
    std::string begin_part(Timestamp time, bool tls_records, std::optional<ConnectionComment::Gap> gap);
    void tell_news(Timestamp time);
    bool never_came_about(CloseReason reason) const;
    bool hand_over(Timestamp time);
    bool has_preface() const;
    void begin_context(const PacketContext& context);
    void make_up(const PacketContext& context, Direction direction, ByteView bytes, std::string_view comment);
    static std::string help_comment();
    bool local_is_client() const;
    void leave(Timestamp time);
    std::string take_comment();
    ConnectionComment describe() const;
    PacketContext context_at(Timestamp time, std::uint32_t tid = 0) const {
        return {*info_.process, time, tid, hidden_};
    }
    std::uint64_t& position(Direction direction) { return positions_[static_cast<std::size_t>(direction)]; }

    ConnectionInfo info_;
    PcapngCapture& capture_;
    std::optional<Conversation> conversation_;
    std::uint32_t file_ = 0;  ///< which the conversation is in
    std::uint32_t part_ = 0;
    bool endpoints_known_ = false;
    bool named_ = false;   ///< a protocol was found
    bool hidden_ = false;  ///< the other end of it is shown
    bool failed_without_data_ = false;
    bool made_up_ = false;
    std::string pending_comment_;  ///< for the next packet with plaintext
    std::array<std::uint64_t, 2> positions_{};
    const DissectorTraits* protocol_ = nullptr;  ///< as far as its bytes tell
    std::unique_ptr<StreamContext> stream_context_;
    std::array<Bytes, 2> first_bytes_;  ///< of each direction, for the guess
    std::size_t next_guess_ = 0;        ///< with as many of them
    std::vector<Held> held_;
    std::size_t held_bytes_ = 0;
};

}  // namespace sslsniff
