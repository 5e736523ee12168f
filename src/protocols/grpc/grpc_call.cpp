#include "protocols/grpc/grpc_call.h"

#include <fmt/format.h>

#include <optional>
#include <utility>

#include "base/memory.h"
#include "body/charset.h"
#include "body/decoded_body.h"
#include "model/message_schema.h"
#include "protocols/grpc/message_reader.h"
#include "protocols/grpc/status.h"
#include "protocols/http/http_exchange.h"
#include "protocols/protocol.h"

namespace sslsniff {
namespace {

using grpc::Message;
using grpc::Status;

/// gRPC, and what has its framing.
struct Dialect {
    std::string_view protocol;
    std::string_view coding;  ///< the header field with the coding of compressed messages
    unsigned char last;
};
constexpr Dialect kGrpc = {"grpc", "grpc-encoding", grpc::kWebTrailers};
constexpr Dialect kConnect = {"connect", "connect-content-encoding", grpc::kConnectEnd};

class GrpcCall final : public HttpApplication {
  public:
    GrpcCall(const Dialect& dialect, MessageOrigin origin, ParserHost& host, const ParserLimits& limits,
             std::string_view type)
        : dialect_(dialect),
          origin_(std::move(origin)),
          host_(host),
          max_body_(limits.max_body),
          schema_(limits.schema),
          content_type_(type.ends_with("+json") ? "application/json" : "application/protobuf"),
          base64_(type.starts_with("application/grpc-web-text")),
          request_(*this, Side::request),
          response_(*this, Side::response) {}

    std::string_view protocol() const override { return dialect_.protocol; }
    void on_head(const HttpExchange& exchange) override {
        if (exchange.request) {
            path_ = exchange.request->target;
            request_.coding = exchange.request->headers.find(dialect_.coding).value_or(ByteView());
        }
        if (exchange.response) {
            response_.coding = exchange.response->headers.find(dialect_.coding).value_or(ByteView());
        }
    }
    void on_bytes(Side side, ByteView bytes, Timestamp time) override { half(side).reader.feed(bytes, time); }
    void on_missing(Side side, std::uint64_t bytes) override { half(side).reader.gap(bytes); }
    void on_end(Side side, const Body& /*body*/, Timestamp /*time*/) override { half(side).ended = true; }

    std::size_t held() const override {
        std::size_t held = sizeof(*this) + heap_bytes(origin_.url) + heap_bytes(path_);
        for (const Half* half : {&request_, &response_}) {
            held +=
                half->reader.held() + heap_bytes(half->coding) + (half->first ? half->first->body.held() : 0);
        }
        return held;
    }
    bool shed() override {
        bool any = false;
        for (Half* half : {&request_, &response_}) {
            any = half->reader.shed() || any;
            any = (half->first && half->first->body.shed()) || any;
        }
        return any;
    }

    void describe(const HttpExchange& exchange, Summary& summary) const override {
        if (error_) {
            summary.response = error_->code + (error_->message.empty() ? "" : ": " + error_->message);
            summary.tone = Summary::Tone::server_error;
        }
        const std::optional<Status> status = status_of(exchange);
        if (!status) {
            return;
        }
        const std::string_view name = grpc::status_name(status->code);
        summary.response = name.empty() ? fmt::format("grpc-status {}", status->code) : std::string(name);
        if (!status->message.empty()) {
            summary.response += ": " + status->message;
        }
        summary.tone = status->code == 0 ? Summary::Tone::normal : Summary::Tone::server_error;
    }

    void add_facts(const HttpExchange& exchange, Facts& facts) const override {
        if (path_.starts_with('/')) {
            facts.operation = path_.substr(1);
        }
        const std::optional<Status> status = status_of(exchange);
        if (error_) {
            facts.error_type = error_->code;
        } else if (status && status->code != 0) {
            const std::string_view name = grpc::status_name(status->code);
            facts.error_type = name.empty() ? fmt::format("{}", status->code) : std::string(name);
        } else if (status) {
            facts.outcome = Outcome::ok;
            facts.error_type.clear();
            return;
        } else {
            // Of Connect a stream without an error at its end went well, of gRPC one with status OK alone.
            const bool is_over = &dialect_ == &kConnect && response_.ended;
            facts.outcome = facts.outcome == Outcome::ok && !is_over ? Outcome::unknown : facts.outcome;
            return;
        }
        facts.outcome =
            grpc::is_server_error(facts.error_type) ? Outcome::server_error : Outcome::client_error;
    }

    void write_fields(const HttpExchange& exchange, FieldWriter& writer) const override {
        writer.begin_object(dialect_.protocol);
        const std::string_view path = path_;
        const std::size_t slash = path.rfind('/');
        if (path.starts_with('/') && slash != 0 && slash != std::string_view::npos) {
            writer.text("service", path.substr(1, slash - 1));
            writer.text("method", path.substr(slash + 1));
        }
        write_half(writer, "request", request_);
        write_half(writer, "response", response_);
        if (const std::optional<Status> status = status_of(exchange)) {
            writer.number("status", status->code);
            writer.text("status_name", grpc::status_name(status->code));
            writer.text("message", status->message);
        }
        if (error_) {
            writer.text("error", error_->code);
            writer.text("message", error_->message);
        }
        writer.end_object();
    }

    bool write_body(Side side, DetailWriter& writer) const override {
        const Half& half = side == Side::request ? request_ : response_;
        show_only_message(half, side == Side::request ? '>' : '<', writer);
        return half.messages != 0 && !half.reader.broken();
    }

  private:
    struct Half {
        Half(GrpcCall& call, Side which)
            : side(which),
              reader([&call, this](Message&& message) { call.on_message(*this, std::move(message)); },
                     call.max_body_, call.dialect_.last, call.base64_) {}
        Side side;
        std::string coding;  ///< of compressed messages
        grpc::MessageReader reader;
        std::uint64_t messages = 0;
        std::uint64_t compressed = 0;
        std::uint64_t bytes = 0;  ///< of messages, without prefixes
        bool ended = false;
        std::optional<Message> first;  ///< held back: a call of one message is no stream
    };

    Half& half(Side side) { return side == Side::request ? request_ : response_; }

    void on_message(Half& half, Message&& message) {
        if (message.last) {
            on_last(half, message);
            return;
        }
        ++half.messages;
        half.compressed += message.compressed ? 1 : 0;
        half.bytes += message.body.size;
        describe(half, message);
        // A message while the other side goes on with its own shows that that one streams.
        Half& other = half.side == Side::request ? response_ : request_;
        if (!other.ended) {
            release(other);
        }
        const bool streams = schema_ != nullptr && schema_->streams(path_, schema_side(half)).value_or(false);
        if (half.messages == 1 && !streams) {
            half.first = std::move(message);
            return;
        }
        release(half);
        emit(half, message, half.messages);
    }

    void on_last(const Half& half, Message& message) {
        if (dialect_.last == grpc::kWebTrailers) {
            web_status_ = grpc::read_status(std::string_view(message.body.captured));
            return;
        }
        message.body.content_encoding = message.compressed ? half.coding : "";
        error_ = grpc::read_connect_error(decode_body(message.body).bytes);
    }

    /// Shows the message that was held back: the call streams.
    void release(Half& half) {
        if (half.first) {
            emit(half, *std::exchange(half.first, std::nullopt), 1);
        }
    }

    static MessageSchema::Side schema_side(const Half& half) {
        return half.side == Side::request ? MessageSchema::Side::request : MessageSchema::Side::response;
    }

    /// Says what the content is.
    void describe(const Half& half, Message& message) const {
        Body& body = message.body;
        body.content_type = content_type_;
        if (message.compressed) {
            body.content_encoding = half.coding;
        }
        if (schema_ != nullptr && !message.damaged) {
            body.json = schema_->to_json(path_, schema_side(half), decode_body(body).bytes);
        }
    }

    void emit(const Half& half, const Message& message, std::uint64_t number) {
        auto shown =
            std::make_unique<StreamMessage>(std::string(dialect_.protocol), origin_, half.side, number);
        shown->type = "message";
        shown->body = message.body;
        Integrity integrity;
        integrity.complete = !message.damaged;
        integrity.missing_bytes = message.body.missing;
        integrity.reason = message.damaged ? "gap in the message" : "";
        host_.emit({.start = message.start, .request_end = {}, .response_start = {}, .end = message.end},
                   integrity, std::move(shown));
    }

    static void write_half(FieldWriter& writer, std::string_view key, const Half& half) {
        writer.begin_object(key);
        writer.number("messages", half.messages);
        writer.number("bytes", half.bytes);
        writer.number("compressed", half.compressed);
        if (half.reader.broken()) {
            writer.boolean("broken", true);
        }
        if (half.first) {
            writer.body("message", half.first->body);
        }
        writer.end_object();
    }

    /// Streams have shown their messages already.
    static void show_only_message(const Half& half, char marker, DetailWriter& writer) {
        if (half.first && (half.first->body.size != 0 || !half.first->body.json.empty())) {
            writer.body(marker, half.first->body);
        }
    }

    std::optional<Status> status_of(const HttpExchange& exchange) const {
        if (web_status_) {
            return web_status_;
        }
        if (!exchange.response) {
            return std::nullopt;
        }
        const std::optional<Status> trailing = grpc::read_status(exchange.response->trailers);
        return trailing ? trailing : grpc::read_status(exchange.response->headers);
    }

    const Dialect& dialect_;
    MessageOrigin origin_;
    ParserHost& host_;
    std::size_t max_body_;
    const MessageSchema* schema_;
    std::string content_type_;  ///< of messages
    std::string path_;          ///< "/package.Service/Method", hostile
    bool base64_;
    Half request_;
    Half response_;
    std::optional<Status> web_status_;
    std::optional<grpc::ConnectError> error_;
};

}  // namespace

std::unique_ptr<HttpApplication> create_grpc_call(const HttpExchange& exchange, MessageOrigin origin,
                                                  ParserHost& host, const ParserLimits& limits) {
    std::string type;
    if (exchange.request) {
        type = media_type(exchange.request->body.content_type);
    } else if (exchange.response) {
        type = media_type(exchange.response->body.content_type);
    }
    constexpr std::string_view kPrefix = "application/grpc";
    if (type.empty() && limits.assume_grpc) {
        type = kPrefix;
    }
    const bool is_grpc =
        type.starts_with(kPrefix) &&
        (type.size() == kPrefix.size() || type[kPrefix.size()] == '+' || type[kPrefix.size()] == '-');
    // Calls without streams have no frames: application/proto and application/json.
    const bool is_connect = type == "application/connect+proto" || type == "application/connect+json";
    if (!is_grpc && !is_connect) {
        return nullptr;
    }
    return std::make_unique<GrpcCall>(is_grpc ? kGrpc : kConnect, std::move(origin), host, limits, type);
}

}  // namespace sslsniff
