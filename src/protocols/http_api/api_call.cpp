// The application of an HTTP exchange that calls an API.

#include <utility>
#include <vector>

#include "base/give_back.h"
#include "base/memory.h"
#include "body/decoded_body.h"
#include "protocols/http/http_exchange.h"
#include "protocols/http_api/http_api.h"
#include "protocols/protocol.h"
#include "protocols/sse/sse_stream.h"

namespace sslsniff {
namespace {

/// What is kept of a body, without its content codings. Nothing when bytes are missing from it: nobody knows
/// where.
class Content {
  public:
    explicit Content(const Body& body)
        : decoded_(body.missing == 0 && !body.content_encoding.empty() ? decode_body(body).bytes : Bytes()),
          view_(body.content_encoding.empty() && body.missing == 0 ? ByteView(body.captured) : decoded_) {}
    Content(const Content&) = delete;
    Content& operator=(const Content&) = delete;

    ByteView bytes() const { return view_; }

  private:
    Bytes decoded_;
    ByteView view_;
};

class ApiCall final : public HttpApplication, private SseListener {
  public:
    ApiCall(std::vector<std::unique_ptr<HttpApi>> candidates, MessageOrigin origin, ParserHost& host,
            const ParserLimits& limits)
        : candidates_(std::move(candidates)), origin_(std::move(origin)), host_(host), limits_(limits) {}

    void on_head(const HttpExchange& exchange) override {
        if (!events_) {
            events_ = create_sse_stream(exchange, origin_, host_, limits_, this);
        }
    }
    void on_bytes(Side side, ByteView bytes, Timestamp time) override {
        if (events_) {
            events_->on_bytes(side, bytes, time);
        }
    }
    void on_missing(Side side, std::uint64_t bytes) override {
        if (events_) {
            events_->on_missing(side, bytes);
        }
    }
    void on_end(Side side, const Body& body, Timestamp time) override {
        if (side == Side::request) {
            find(Content(body).bytes(), time);
        } else if (events_) {
            events_->on_end(side, body, time);
        } else if (api_) {
            api_->on_response(Content(body).bytes());
        }
    }

    std::size_t held() const override {
        std::size_t held = sizeof(*this) + heap_bytes(origin_.url) + heap_bytes(candidates_);
        for (const auto& candidate : candidates_) {
            held += candidate->held();
        }
        held += events_ ? events_->held() : 0;
        return held + (api_ ? api_->held() : 0);
    }
    bool shed() override { return events_ && events_->shed(); }

    void describe(const HttpExchange& exchange, Summary& summary) const override {
        if (api_) {
            api_->describe(exchange, summary);
        }
    }
    void add_facts(const HttpExchange& exchange, Facts& facts) const override {
        if (api_) {
            api_->add_facts(exchange, facts);
        }
    }
    void write_fields(const HttpExchange& exchange, FieldWriter& writer) const override {
        if (api_) {
            api_->write_fields(exchange, writer);
        }
    }

  private:
    void find(ByteView body, Timestamp time) {
        for (std::unique_ptr<HttpApi>& candidate : candidates_) {
            if (candidate->on_request(body, time)) {
                api_ = std::move(candidate);
                break;
            }
        }
        give_back(candidates_);
    }
    void on_event(std::string_view /*type*/, ByteView data, Timestamp time) override {
        if (api_) {
            api_->on_event(data, time);
        }
    }

    std::vector<std::unique_ptr<HttpApi>> candidates_;  ///< until the request is over
    std::unique_ptr<HttpApi> api_;
    std::unique_ptr<HttpApplication> events_;
    MessageOrigin origin_;
    ParserHost& host_;
    const ParserLimits& limits_;
};

}  // namespace

std::unique_ptr<HttpApplication> create_api_call(const HttpExchange& exchange, MessageOrigin origin,
                                                 ParserHost& host, const ParserLimits& limits) {
    if (!exchange.request || exchange.response) {
        return nullptr;
    }
    std::vector<std::unique_ptr<HttpApi>> candidates;
    for (const HttpApiRow& row : http_apis()) {
        if (std::unique_ptr<HttpApi> api = row.create(*exchange.request)) {
            candidates.push_back(std::move(api));
        }
    }
    return candidates.empty()
               ? nullptr
               : std::make_unique<ApiCall>(std::move(candidates), std::move(origin), host, limits);
}

}  // namespace sslsniff
