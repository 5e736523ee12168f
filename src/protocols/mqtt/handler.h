#pragma once

#include <array>
#include <cstdint>
#include <memory>
#include <string>
#include <string_view>

#include "protocols/described/described_exchange.h"
#include "protocols/framed/message_handler.h"
#include "protocols/mqtt/decode.h"
#include "protocols/pairing/by_id.h"

namespace sslsniff::mqtt {

/// Pairs control packets: a PUBLISH with all that acknowledges it, the others with their answers.
class MqttHandler final : public framed::MessageHandler {
  public:
    MqttHandler(ParserHost& host, const ParserLimits& limits) : host_(host), limits_(limits) {}

    Next on_message(framed::Side side, const framed::Message& message) override;
    void on_loss(framed::Side side, const framed::Message* cut, std::string_view reason,
                 Timestamp time) override;
    void on_joined() override { joined_ = true; }
    void finish(Timestamp time) override;
    std::size_t held() const override;
    std::uint64_t give_up(std::size_t bytes) override;

  private:
    /// What waits for an answer.
    struct Flow {
        std::unique_ptr<DescribedExchange> exchange;
        framed::Side from = framed::Side::client;  ///< who began it
        PacketType awaits = PacketType::connack;
        Timing timing;
        std::string reason;         ///< Integrity::reason, as far as it is known that something is missing
        std::uint64_t missing = 0;  ///< Integrity::missing_bytes
        bool joined = false;        ///< Integrity::joined_midstream
        unsigned attempts = 1;      ///< PUBLISH with DUP
        std::size_t held = 0;       ///< see pairing::HeldTotal
    };
    /// A packet while it is handled.
    struct Packet {
        framed::Side side;
        const framed::Message& message;
        FixedHeader header;
        bool cut = false;  ///< it does not end
    };

    bool handle(const Packet& packet, std::string_view reason);
    Flow begin(const Packet& packet, Decoded& decoded);
    Decoded decode_side(const Packet& packet, DescribedExchange& exchange);
    Flow* sent_before(const Packet& packet, std::uint16_t id);
    void wait_for(Flow flow, PacketType answer, std::uint16_t id);
    bool answer(const Packet& packet, std::string_view reason);
    Flow unseen(const Packet& packet) const;
    void learn_version(const Packet& packet);
    void emit(Flow flow, std::string_view reason);
    void emit_oldest(std::string_view reason);
    TopicAliases& aliases(framed::Side side) { return aliases_[static_cast<std::size_t>(side)]; }

    ParserHost& host_;
    ParserLimits limits_;
    Version version_ = Version::unknown;
    unsigned level_ = 0;  ///< of CONNECT; 0: not seen
    bool joined_ = false;
    std::array<TopicAliases, 2> aliases_;
    pairing::ById<std::uint32_t, Flow> flows_;  ///< by who began it and the packet's id
};

}  // namespace sslsniff::mqtt
