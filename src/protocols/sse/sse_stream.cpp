#include "protocols/sse/sse_stream.h"

#include <algorithm>
#include <optional>
#include <utility>

#include "base/give_back.h"
#include "base/memory.h"
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
              std::string_view content_encoding, SseListener* listener)
        : origin_(std::move(origin)),
          host_(host),
          listener_(listener),
          max_body_(limits.max_body),
          decoder_(content_encoding, kStreamLimits),
          is_coded_(decoder_.state() != BodyDecoder::State::plain) {}

    void on_bytes(Side side, ByteView bytes, Timestamp time) override {
        if (side != Side::response || is_bomb_ || (is_coded_ && damaged_)) {
            return;
        }
        coded_ += bytes.size();
        decoder_.feed(bytes, [&](ByteView plain) {
            if (!is_bomb_) {
                read(plain, time);
            }
        });
        if (is_coded_ && (decoder_.state() == BodyDecoder::State::limited || is_bomb_)) {
            give_up(time);
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

    // An event without its blank line is none.
    void on_end(Side /*side*/, const Body& /*body*/, Timestamp /*time*/) override {}
    std::size_t held() const override {
        return sizeof(*this) + decoder_.held() + heap_bytes(origin_.url) + heap_bytes(line_) + body_.held() +
               heap_bytes(event_) + heap_bytes(id_);
    }
    bool shed() override {
        const bool long_line = line_.size() > kMaxName;
        if (long_line) {  // the name of the field and the beginning of its value stay
            cut_ += line_.size() - kMaxName;
            line_.resize(kMaxName);
            line_.shrink_to_fit();
        }
        return body_.shed() || long_line;
    }

  private:
    static constexpr std::size_t kMaxField = 16;  ///< bytes in front of the data: "data: "
    /// Of a coded stream, beyond one for each four bytes: who flushes after each event needs more for it.
    static constexpr std::uint64_t kMaxEvents = 1024;

    void read(ByteView bytes, Timestamp time) {
        for (const char c : bytes) {
            if (c == '\n' && std::exchange(after_cr_, false)) {
                continue;  // of CR LF
            }
            after_cr_ = c == '\r';
            if (c == '\n' || c == '\r') {
                end_line(time);
            } else if (cut_ == 0 && line_.size() < kMaxField + max_body_) {
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
        if (is_coded_ && number_ >= kMaxEvents + coded_ / 4) {
            is_bomb_ = true;
            return;
        }
        emit(event, body, start, time, damaged ? "gap in the event" : "");
    }

    /// Whatever follows is not looked at.
    void give_up(Timestamp time) {
        is_bomb_ = true;
        emit(event_, std::exchange(body_, {}), start_.value_or(time), time,
             "a decompression bomb: events from here on are not shown");
        give_back(line_);
    }

    void emit(const std::string& event, const Body& body, Timestamp start, Timestamp time,
              std::string_view reason) {
        auto message = std::make_unique<StreamMessage>("sse", origin_, Side::response, ++number_);
        message->type = event.empty() ? "message" : event;
        message->body = body;
        if (!id_.empty()) {
            message->attributes.push_back({"id", id_, true});
        }
        if (listener_ != nullptr && reason.empty()) {
            listener_->on_event(message->type, message->body.captured, time);
        }
        Integrity integrity;
        integrity.complete = reason.empty();
        integrity.reason = reason;
        host_.emit({.start = start, .request_end = {}, .response_start = start, .end = time}, integrity,
                   std::move(message));
    }

    static constexpr std::size_t kMaxName = 256;

    MessageOrigin origin_;
    ParserHost& host_;
    SseListener* listener_;
    std::size_t max_body_;
    BodyDecoder decoder_;
    bool is_coded_;
    std::uint64_t coded_ = 0;  ///< bytes
    bool is_bomb_ = false;
    std::uint64_t number_ = 0;
    Bytes line_;
    std::uint64_t cut_ = 0;  ///< bytes of the line that are not kept
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
    return create_sse_stream(exchange, std::move(origin), host, limits, nullptr);
}

std::unique_ptr<HttpApplication> create_sse_stream(const HttpExchange& exchange, MessageOrigin origin,
                                                   ParserHost& host, const ParserLimits& limits,
                                                   SseListener* listener) {
    if (!exchange.response || media_type(exchange.response->body.content_type) != "text/event-stream") {
        return nullptr;
    }
    return std::make_unique<SseStream>(std::move(origin), host, limits,
                                       exchange.response->body.content_encoding, listener);
}

}  // namespace sslsniff
