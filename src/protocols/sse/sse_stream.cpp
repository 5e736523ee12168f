#include "protocols/sse/sse_stream.h"

#include <algorithm>
#include <optional>
#include <utility>

#include "base/text.h"
#include "body/body_decoder.h"
#include "body/charset.h"
#include "protocols/http/http_exchange.h"
#include "protocols/protocol.h"

namespace sslsniff {
namespace {

class SseStream final : public HttpApplication {
  public:
    SseStream(MessageOrigin origin, ParserHost& host, const ParserLimits& limits,
              std::string_view content_encoding)
        : origin_(std::move(origin)),
          host_(host),
          max_body_(limits.max_body),
          decoder_(content_encoding, kNoLimits),
          is_coded_(decoder_.state() != BodyDecoder::State::plain) {}

    void on_octets(Side side, ByteView octets, Timestamp time) override {
        if (side == Side::response && !(is_coded_ && damaged_)) {
            decoder_.feed(octets, [&](ByteView plain) { read(plain, time); });
        }
    }

    void on_missing(Side side, std::uint64_t /*bytes*/) override {
        if (side == Side::response) {
            damaged_ = true;  // in a coded stream for good
            in_damaged_line_ = true;
            line_.clear();
            cut_ = 0;
        }
    }

    void on_end(Side /*side*/, Timestamp /*time*/) override {}  // an event without its blank line is none

  private:
    static constexpr std::size_t kMaxField = 16;  ///< octets in front of the data: "data: "
    /// Events leave as they come: nothing grows with what a coded stream becomes.
    static constexpr DecodeLimits kNoLimits = {.max_output = UINT64_MAX, .max_ratio = 4096};

    void read(ByteView octets, Timestamp time) {
        for (const char c : octets) {
            if (c == '\n' && std::exchange(after_cr_, false)) {
                continue;  // of CR LF
            }
            after_cr_ = c == '\r';
            if (c == '\n' || c == '\r') {
                end_line(time);
            } else if (line_.size() < kMaxField + max_body_) {
                line_.push_back(c);
            } else {
                ++cut_;
            }
        }
    }

    void end_line(Timestamp time) {
        const Bytes line = std::exchange(line_, {});
        const std::uint64_t cut = std::exchange(cut_, 0);
        if (std::exchange(in_damaged_line_, false)) {
            return;
        }
        if (line.empty()) {
            dispatch(time);
            return;
        }
        if (!start_) {
            start_ = time;
        }
        const std::size_t colon = std::min(line.find(':'), line.size());
        const ByteView name = ByteView(line).substr(0, colon);
        ByteView value = ByteView(line).substr(std::min(colon + 1, line.size()));
        value.remove_prefix(value.starts_with(' ') ? 1 : 0);
        if (name == "data") {
            if (has_data_) {
                append(body_, "\n", max_body_);
            }
            has_data_ = true;
            append(body_, value, max_body_);
            body_.size += cut;
        } else if (name == "event") {
            event_ = value.substr(0, kMaxName);
        } else if (name == "id") {
            id_ = value.substr(0, kMaxName);
        }
    }

    void dispatch(Timestamp time) {
        const Body body = std::exchange(body_, {});
        const std::string event = std::exchange(event_, {});
        const bool damaged = std::exchange(damaged_, false);
        const Timestamp start = std::exchange(start_, std::nullopt).value_or(time);
        if (!std::exchange(has_data_, false) && !damaged) {
            return;
        }
        auto message = std::make_unique<StreamMessage>("sse", origin_, Side::response, ++number_);
        message->type = event.empty() ? "message" : event;
        message->body = body;
        if (!id_.empty()) {
            message->attributes.push_back({"id", id_, true});
        }
        Integrity integrity;
        integrity.complete = !damaged;
        integrity.reason = damaged ? "gap in the event" : "";
        host_.emit({.start = start, .request_end = {}, .response_start = start, .end = time}, integrity,
                   std::move(message));
    }

    static constexpr std::size_t kMaxName = 256;

    MessageOrigin origin_;
    ParserHost& host_;
    std::size_t max_body_;
    BodyDecoder decoder_;
    bool is_coded_;
    std::uint64_t number_ = 0;
    Bytes line_;
    std::uint64_t cut_ = 0;  ///< octets of the line that are not kept
    bool after_cr_ = false;
    bool damaged_ = false;
    bool in_damaged_line_ = false;
    bool has_data_ = false;
    Body body_;
    std::string event_;
    std::string id_;  ///< stays until the stream changes it
    std::optional<Timestamp> start_;
};

}  // namespace

std::unique_ptr<HttpApplication> create_sse_stream(const HttpExchange& exchange, MessageOrigin origin,
                                                   ParserHost& host, const ParserLimits& limits) {
    if (!exchange.response || media_type(exchange.response->body.content_type) != "text/event-stream") {
        return nullptr;
    }
    return std::make_unique<SseStream>(std::move(origin), host, limits,
                                       exchange.response->body.content_encoding);
}

}  // namespace sslsniff
