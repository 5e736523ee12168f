#pragma once

#include <memory>
#include <string>

#include "protocols/described/described_exchange.h"
#include "protocols/framed/framed_parser.h"
#include "protocols/framed/message_handler.h"

/// The least protocol of the framed kind: "Q" or "A", two digits that say how many bytes follow, and these.
/// Answers come in the order of the questions; "X00" is said by both sides and not answered.
namespace sslsniff::framed {

inline std::string toy(char type, const std::string& content) {
    return type + std::string(content.size() < 10 ? "0" : "") + std::to_string(content.size()) + content;
}

class ToyFraming final : public Framing {
  public:
    Look look(Side side, ByteView bytes) const override {
        const char own = side == Side::client ? 'Q' : 'A';
        if (!bytes.empty() && bytes[0] != own && bytes[0] != 'X') {
            return malformed();
        }
        const ByteView digits = bytes.substr(std::min<std::size_t>(1, bytes.size()), 2);
        for (const char c : digits) {
            if (c < '0' || c > '9') {
                return malformed();
            }
        }
        if (digits.size() < 2) {
            return need_more();
        }
        return message_of(3 + static_cast<std::uint64_t>((digits[0] - '0') * 10 + digits[1] - '0'), true);
    }
    std::size_t max_header() const override { return 3; }
};

/// Emits what each side says, one by one, in the order of the messages.
class ToyHandler final : public MessageHandler {
  public:
    explicit ToyHandler(ParserHost& host) : host_(host) {}

    Next on_message(Side side, const Message& message) override {
        emit(side, message.bytes, message.missing > 0 ? "gap in message" : "", message);
        return message.bytes == "X03TLS" ? Next::tls : Next::go_on;
    }
    void on_loss(Side side, const Message* cut, std::string_view reason, Timestamp) override {
        emit(side, cut != nullptr ? cut->bytes : ByteView("?"), reason, {});
    }
    void on_joined() override { emit(Side::client, "joined", "", {}); }
    void finish(Timestamp) override {}
    std::size_t held() const override { return 0; }
    std::uint64_t give_up(std::size_t) override { return 0; }

  private:
    void emit(Side side, ByteView bytes, std::string_view reason, const Message& message) {
        auto exchange = std::make_unique<DescribedExchange>("toy");
        (side == Side::client ? exchange->request_line : exchange->response_line) = bytes;
        host_.emit({message.start, {}, {}, message.end},
                   {reason.empty(), message.missing, false, std::string(reason)}, std::move(exchange));
    }
    ParserHost& host_;
};

inline const ToyFraming& toy_framing() {
    static const ToyFraming framing;
    return framing;
}

inline constexpr Proof kToyProof{};

inline std::unique_ptr<ProtocolParser> create_toy(ParserHost& host, const ParserLimits& limits) {
    return std::make_unique<FramedParser>(host, toy_framing(), kToyProof, limits.max_body,
                                          std::make_unique<ToyHandler>(host));
}

}  // namespace sslsniff::framed
