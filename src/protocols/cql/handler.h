#pragma once

#include <array>
#include <cstdint>
#include <memory>
#include <string>

#include "protocols/cql/framing.h"
#include "protocols/cql/message.h"
#include "protocols/framed/message_handler.h"
#include "protocols/framed/message_reader.h"
#include "protocols/pairing/by_id.h"

namespace sslsniff::cql {

/// Opens segments and compressed envelopes, and pairs requests with their answers by stream id.
class CqlHandler final : public framed::MessageHandler {
  public:
    CqlHandler(ParserHost& host, const ParserLimits& limits);

    Next on_message(framed::Side side, const framed::Message& message) override;
    void on_loss(framed::Side side, const framed::Message* cut, std::string_view reason,
                 Timestamp time) override;
    void on_joined() override;
    void finish(Timestamp time) override;
    std::size_t held() const override;
    std::uint64_t give_up(std::size_t bytes) override;

  private:
    struct Waiting {
        std::unique_ptr<sql::SqlExchange> exchange;
        Asked asked;
        Timing timing{};
        Integrity integrity{};
        bool doubted = false;  ///< its answer may be lost
        std::size_t held = 0;  ///< see pairing::HeldTotal
    };
    /// What one side says in segments.
    struct Inside {
        explicit Inside(framed::Side side, std::size_t max_kept)
            : reader(envelope_framing(), side, max_kept) {}
        framed::MessageReader reader;
        bool in_step = false;  ///< the next segment goes on where the last one ended
    };

    bool on_segment(framed::Side side, const framed::Message& message);
    bool on_envelope(framed::Side side, const framed::Message& message, std::string_view damage);
    bool decompress(Envelope& envelope, Bytes& out) const;
    bool on_request(const Envelope& envelope, const framed::Message& message, std::string_view damage);
    bool on_response(const Envelope& envelope, const framed::Message& message, std::string_view damage);
    void lose_inside(framed::Side side, std::string_view reason);
    void emit(Waiting waiting, std::string_view unanswered);
    Inside& inside(framed::Side side) { return inside_[static_cast<std::size_t>(side)]; }

    ParserHost& host_;
    DescribeLimits limits_;
    std::size_t max_pending_;
    std::array<Inside, 2> inside_;
    Prepared prepared_;
    pairing::ById<std::int16_t, Waiting> waiting_;  ///< by stream
    bool joined_ = false;
};

}  // namespace sslsniff::cql
