#include "protocols/http2/stream.h"

#include <utility>

#include "base/memory.h"
#include "base/number.h"
#include "base/saturating.h"
#include "protocols/http/trace_headers.h"
#include "protocols/http2/header_section.h"

namespace sslsniff::http2 {
namespace {

std::optional<std::uint64_t> content_length(const HttpMessage& message) {
    return parse_number<std::uint64_t>(message.headers.find("content-length").value_or(ByteView()));
}

/// What Content-Length promises beyond what was seen, when frames are missing.
void account_for_length(HttpMessage& message) {
    const auto length = content_length(message);
    if (length && *length > message.body.size) {
        add_saturating(message.body.missing, *length - message.body.size);
        message.body.size = *length;
    }
}

/// Whether the client has all of the response: as much as Content-Length promises, or it has no content at
/// all (RFC 9110 section 6.4.1).
bool is_satisfied(const HttpRequest* request, const HttpResponse& response) {
    const bool empty =
        response.status == 204 || response.status == 304 || (request != nullptr && request->method == "HEAD");
    return empty || content_length(response) == response.body.size;
}

}  // namespace

Stream::Stream(std::uint32_t id, bool joined, Timestamp start)
    : exchange_(std::make_unique<Http2Exchange>(id)), joined_(joined) {
    timing_.start = start;
}

HttpMessage* Stream::known_message(Side side) {
    if (side == Side::request) {
        return exchange_->request ? &*exchange_->request : nullptr;
    }
    return exchange_->response ? &*exchange_->response : nullptr;
}

HttpMessage& Stream::message(Side side) {
    if (side == Side::request) {
        if (!exchange_->request) {
            exchange_->request.emplace().version = "HTTP/2";
            exchange_->request->method = kUnknownText;
            exchange_->request->url = exchange_->request->target = kUnknownText;
        }
        return *exchange_->request;
    }
    if (!exchange_->response) {
        exchange_->response.emplace().version = "HTTP/2";
    }
    return *exchange_->response;
}

void Stream::on_headers(Side side, const HeaderSection& section, ParserHost& host, const ParserLimits& limits,
                        Timestamp time) {
    Half& half = this->half(side);
    half.last = time;
    half.partial = half.partial || section.block.damaged;
    half.unknown = half.unknown || section.block.unknown != 0;
    const SectionKind kind = kind_of(section.block);
    if (half.head || kind == SectionKind::trailers) {
        message(side).add_trailers(read_fields(section.block), limits.max_headers);
    } else if (side == Side::request) {
        half.head = true;
        half.lost = false;  // whatever was lost came before this message
        read_request(section.block, host.connection(), *exchange_);
        exchange_->set_request_number(
            host.begin_request(time, incoming_trace_ids(exchange_->request->headers, host.connection())));
        find_application(*exchange_, id(), host, limits);
    } else {
        if (!timing_.response_start) {
            timing_.response_start = section.start;
        }
        read_response_section(section, limits.max_headers);
        find_application(*exchange_, id(), host, limits);
    }
    if (section.end_stream) {
        end(side, time);
        tell_answer(host);
    }
}

void Stream::read_response_section(const HeaderSection& section, std::size_t max_headers) {
    HttpResponse response = read_response(section.block);
    if (response.status / 100 == 1 && !section.end_stream) {
        exchange_->add_informational(
            {response.version, response.status, response.reason, std::move(response.headers)}, max_headers);
        return;
    }
    response_.head = true;
    response_.lost = false;
    exchange_->response = std::move(response);
}

void Stream::on_promise(const HeaderSection& section, const ConnectionInfo& connection, Timestamp time) {
    exchange_->pushed = true;
    request_.head = true;
    request_.partial = section.block.damaged;
    request_.unknown = section.block.unknown != 0;
    read_request(section.block, connection, *exchange_);
    end(Side::request, time);
}

void Stream::on_upgraded_request(const HttpRequest& request) {
    HttpRequest& copy = exchange_->request.emplace();
    copy.version = request.version;
    copy.method = request.method;
    copy.target = request.target;
    copy.host = request.host;
    copy.url = request.url;
    copy.headers = request.headers;
    copy.describe_body();
    request_.head = true;
    request_.ended = true;
}

void Stream::on_data(Side side, const DataPiece& piece, ParserHost& host, const ParserLimits& limits,
                     Timestamp time) {
    Half& half = this->half(side);
    half.last = time;
    HttpMessage& message = this->message(side);
    if (limits.assume_grpc && !half.head && message.application == nullptr) {
        find_application(*exchange_, id(), host, limits);
    }
    if (side == Side::response && !timing_.response_start) {
        timing_.response_start = time;
    }
    // Behind a hole nothing is kept: the captured bytes are a prefix.
    const bool whole = half.head && !half.lost && message.body.missing == 0;
    message.receive(piece.bytes, whole ? limits.max_body : 0, time);
    if (piece.missing != 0) {
        message.miss(piece.missing);
    }
    if (piece.end_stream) {
        end(side, time);
        tell_answer(host);
    }
}

void Stream::tell_answer(ParserHost& host) const {
    if (response_.ended && !finished()) {
        host.end_answer(exchange_->request_number());
    }
}

void Stream::end(Side side, Timestamp time) {
    half(side).ended = true;
    if (HttpMessage* over = known_message(side)) {
        over->end(time);
    }
    if (half(side).lost && half(side).head) {
        account_for_length(message(side));
    }
    if (side == Side::request) {
        timing_.request_end = time;
    }
    timing_.end = time;
}

void Stream::on_lost(Side side) {
    if (half(side).ended) {
        return;
    }
    half(side).lost = true;
    if (HttpMessage* const message = known_message(side)) {
        message->miss(0);
    }
}

void Stream::on_reset(Http2Exchange::Reset reset, Timestamp time) {
    exchange_->reset = reset;
    timing_.end = time;
}

bool Stream::finished() const {
    // A request that we did not see to its end, because it began earlier or frames are missing, has ended by
    // the time the response has.
    const bool request_over = request_.ended || request_.lost || (joined_ && !request_.head);
    return exchange_->reset || (response_.ended && request_over);
}

Integrity Stream::integrity(std::string_view why) const {
    Integrity result;
    for (const Half* half : {&request_, &response_}) {
        const bool request = half == &request_;
        const std::string_view name = request ? "request" : "response";
        const HttpMessage* message = nullptr;
        if (request && exchange_->request) {
            message = &*exchange_->request;
        } else if (!request && exchange_->response) {
            message = &*exchange_->response;
        }
        const std::uint64_t missing = message != nullptr ? message->body.missing : 0;
        add_saturating(result.missing_bytes, missing);
        std::string reason;
        if (half->lost || missing != 0) {
            reason = "gap in the ";
            reason += name;
        } else if (half->partial) {
            reason = "damaged header section in the ";
            reason += name;
        } else if (half->unknown) {
            reason = "header fields refer to what passed before the capture began or in a gap";
        } else if (!half->head && joined_) {
            reason = "beginning of the ";
            reason += name;
            reason += " not seen";
        }
        if (!reason.empty() && result.reason.empty()) {
            result.reason = std::move(reason);
        }
    }
    result.joined_midstream = joined_ && !request_.head;
    if (exchange_->reset && !(request_.ended && response_.ended)) {
        result.reason = exchange_->reset->by_client ? "reset by the client: " : "reset by the server: ";
        result.reason += to_string(*exchange_->reset);
    } else if (!finished()) {
        result.reason = why;
    }
    if (was_shed_ && result.reason.empty()) {
        result.reason = kNoLongerKept;
    }
    result.complete = result.reason.empty();
    return result;
}

std::size_t Stream::held() const {
    constexpr std::size_t kNode = 48;  // of a map
    return allocated(sizeof(*this) + kNode) + exchange_->held();
}

bool Stream::shed() {
    return exchange_->shed() && !std::exchange(was_shed_, true);
}

/// Some clients (curl) leave as soon as they have what Content-Length promised, before END_STREAM.
void Stream::end_if_satisfied() {
    const bool whole = response_.head && !response_.ended && !response_.lost && !response_.partial;
    const HttpRequest* const request = exchange_->request ? &*exchange_->request : nullptr;
    if (whole && !exchange_->reset && is_satisfied(request, *exchange_->response)) {
        end(Side::response, response_.last);
    }
}

void Stream::emit(ParserHost& host, std::string_view why) {
    end_if_satisfied();
    if (!finished()) {
        timing_.end.reset();
    }
    const Integrity state = integrity(why);
    host.emit(timing_, state, std::move(exchange_));
}

}  // namespace sslsniff::http2
