#include "protocols/http/http_exchange.h"

#include <fmt/format.h>

#include <utility>

#include "base/give_back.h"
#include "base/memory.h"
#include "base/saturating.h"
#include "protocols/http/trace_headers.h"

namespace sslsniff {
namespace {

/// Bytes that are not worth giving up.
constexpr std::size_t kSmall = 1024;

Outcome outcome_of(const std::optional<HttpResponse>& response) {
    if (!response) {
        return Outcome::unanswered;
    }
    switch (response->status / 100) {
        case 0:  // HTTP/2: it is not known, see Http2Exchange
            return Outcome::unknown;
        case 3:
            return Outcome::redirected;
        case 4:
            return Outcome::client_error;
        case 5:
            return Outcome::server_error;
        default:
            return Outcome::ok;
    }
}

std::string status_text(std::uint16_t status, const std::string& reason) {
    return reason.empty() ? fmt::format("{}", status) : fmt::format("{} {}", status, reason);
}

void write_headers(FieldWriter& writer, std::string_view key, const HttpHeaders& headers) {
    writer.begin_array(key);
    for (const auto& field : headers) {
        writer.begin_object({});
        writer.text("name", field.name);
        writer.text("value", field.value);
        writer.end_object();
    }
    writer.end_array();
}

/// Header fields, body and trailers: the part requests and responses have in common.
void write_message(FieldWriter& writer, const HttpMessage& message) {
    write_headers(writer, "headers", message.headers);
    if (message.headers_truncated) {
        writer.boolean("headers_truncated", true);
    }
    writer.body("body", message.body);
    if (!message.trailers.empty()) {
        write_headers(writer, "trailers", message.trailers);
    }
    if (message.trailers_truncated) {
        writer.boolean("trailers_truncated", true);
    }
}

void write_request(FieldWriter& writer, const HttpRequest& request) {
    writer.begin_object("request");
    writer.text("method", request.method);
    writer.text("target", request.target);
    writer.text("url", request.url);
    writer.text("host", request.host);
    writer.text("version", request.version);
    write_message(writer, request);
    writer.end_object();
}

void write_response(FieldWriter& writer, const HttpResponse& response) {
    writer.begin_object("response");
    writer.number("status", response.status);
    writer.text("reason", response.reason);
    write_message(writer, response);
    writer.end_object();
}

void detail_headers(DetailWriter& writer, char marker, const HttpHeaders& headers) {
    std::string line;
    for (const auto& field : headers) {
        line.assign(field.name).append(": ").append(field.value);
        writer.line(marker, line);
    }
}

/// `application`: of the exchange; null when it has none.
void detail_message(DetailWriter& writer, HttpApplication::Side side, const HttpMessage& message,
                    const HttpApplication* application) {
    const char marker = side == HttpApplication::Side::request ? '>' : '<';
    detail_headers(writer, marker, message.headers);
    if (message.headers_truncated) {
        writer.line('*', "more header fields passed than were kept");
    }
    const bool is_shown = application != nullptr && application->write_body(side, writer);
    if (message.body.size != 0 && !is_shown) {
        writer.body(marker, message.body);
    }
    detail_headers(writer, marker, message.trailers);
    if (message.trailers_truncated) {
        writer.line('*', "more trailer fields passed than were kept");
    }
}

void write_informational(FieldWriter& writer, const std::vector<HttpInformational>& all) {
    writer.begin_array("informational");
    for (const auto& informational : all) {
        writer.begin_object({});
        writer.number("status", informational.status);
        writer.text("reason", informational.reason);
        write_headers(writer, "headers", informational.headers);
        writer.end_object();
    }
    writer.end_array();
}

}  // namespace

void HttpMessage::add_trailers(const HttpHeaders& fields, std::size_t limit) {
    for (const auto& field : fields) {
        const std::size_t cost = field.name.size() + field.value.size() + HttpHeaders::kFieldCost;
        if (trailers_truncated || trailers.cost() + cost > limit) {
            trailers_truncated = true;  // what is kept is a prefix
            return;
        }
        trailers.add(field.name, field.value);
    }
}

void HttpMessage::describe_body() {
    body.content_type = headers.find("Content-Type").value_or(ByteView{});
    body.content_encoding = headers.find("Content-Encoding").value_or(ByteView{});
}

void HttpMessage::save_body(BodyStore& store) {
    if (!body.record && body.size == 0) {
        body.record = store.open(body.content_encoding);
    }
}

void HttpMessage::receive(ByteView bytes, std::size_t limit, Timestamp time) {
    append(body, bytes, limit);
    if (body.record) {
        body.record->write(bytes);
    }
    if (application != nullptr) {
        application->on_bytes(side, bytes, time);
    }
}

void HttpMessage::miss(std::uint64_t bytes) {
    add_saturating(body.size, bytes);
    add_saturating(body.missing, bytes);
    if (body.record) {
        body.record->miss();
    }
    if (application != nullptr) {
        application->on_missing(side, bytes);
    }
}

void HttpMessage::end(Timestamp time) {
    if (body.record) {
        body.record->end();
    }
    if (application != nullptr) {
        application->on_end(side, body, time);
    }
}

void HttpExchange::add_informational(HttpInformational&& early, std::size_t limit) {
    const std::size_t cost =
        HttpHeaders::kFieldCost + early.version.size() + early.reason.size() + early.headers.cost();
    if (informational_omitted != 0 || informational_cost_ + cost > limit) {
        add_saturating(informational_omitted, std::uint64_t{1});
        return;
    }
    informational_cost_ += cost;
    informational_held_ += heap_bytes(early.version) + heap_bytes(early.reason) + early.headers.held();
    informational.push_back(std::move(early));
}

std::size_t HttpMessage::held() const {
    return heap_bytes(version) + headers.held() + trailers.held() + body.held();
}

bool HttpMessage::shed() {
    bool any = body.shed();
    // Small sections stay: the parsers look at some fields when the message ends.
    for (const auto& [fields, truncated] :
         {std::pair(&headers, &headers_truncated), std::pair(&trailers, &trailers_truncated)}) {
        if (fields->held() > kSmall) {
            give_back(*fields);
            any = *truncated = true;
        }
    }
    return any;
}

std::size_t HttpRequest::held() const {
    return HttpMessage::held() + heap_bytes(method) + heap_bytes(target) + heap_bytes(host) +
           heap_bytes(url) + heap_bytes(protocol);
}

bool HttpRequest::shed() {
    bool any = HttpMessage::shed();
    for (std::string* text : {&method, &target, &host, &url, &protocol}) {
        if (text->size() > kSmall) {
            text->resize(kSmall);
            text->shrink_to_fit();
            any = headers_truncated = true;
        }
    }
    return any;
}

TraceIds HttpExchange::trace_ids() const {
    return request ? read_trace_ids(request->headers) : TraceIds();
}

std::size_t HttpExchange::held() const {
    constexpr std::size_t kDerived = 64;  // what derived classes may add to their size
    std::size_t held = allocated(sizeof(*this) + kDerived) + heap_bytes(informational) + informational_held_;
    held += request ? request->held() : 0;
    held += response ? response->held() + heap_bytes(response->reason) : 0;
    return held + (application ? application->held() : 0);
}

bool HttpExchange::shed() {
    bool any = request && request->shed();
    any = (response && response->shed()) || any;
    any = (application && application->shed()) || any;
    if (!informational.empty()) {
        add_saturating(informational_omitted, std::uint64_t{informational.size()});
        informational = {};
        informational_held_ = 0;
        any = true;
    }
    return any;
}

Summary HttpExchange::summary() const {
    Summary summary;
    summary.tone = tone_of(outcome_of(response));
    if (request) {
        summary.request = request->method + ' ' + request->url;
        summary.request_bytes = request->body.size;
    }
    if (response) {
        summary.response = status_text(response->status, response->reason);
        summary.response_bytes = response->body.size;
    }
    if (application) {
        application->describe(*this, summary);
    }
    return summary;
}

Facts HttpExchange::facts() const {
    Facts facts;
    facts.outcome = outcome_of(response);
    if (request) {
        facts.operation = request->method;
        facts.target = request->url;
        facts.request_bytes = request->body.size;
    }
    if (response) {
        facts.response_bytes = response->body.size;
    }
    if (facts.outcome == Outcome::client_error || facts.outcome == Outcome::server_error) {
        facts.error_type = fmt::format("{}", response->status);
    }
    if (application) {
        application->add_facts(*this, facts);
    }
    return facts;
}

void HttpExchange::write_fields(FieldWriter& writer) const {
    if (request) {
        write_request(writer, *request);
    }
    if (!informational.empty()) {
        write_informational(writer, informational);
    }
    if (informational_omitted != 0) {
        writer.number("informational_omitted", informational_omitted);
    }
    if (response) {
        write_response(writer, *response);
    }
    if (application) {
        application->write_fields(*this, writer);
    }
}

void HttpExchange::write_details(DetailWriter& writer) const {
    if (request) {
        writer.line('>', fmt::format("{} {} {}", request->method, request->target, request->version));
        detail_message(writer, HttpApplication::Side::request, *request, application.get());
    }
    for (const auto& early : informational) {
        writer.line('<', early.version + ' ' + status_text(early.status, early.reason));
        detail_headers(writer, '<', early.headers);
    }
    if (informational_omitted != 0) {
        writer.line('*',
                    fmt::format("{} more 1xx responses passed and were not kept", informational_omitted));
    }
    if (response) {
        writer.line('<', response->version + ' ' + status_text(response->status, response->reason));
        detail_message(writer, HttpApplication::Side::response, *response, application.get());
    }
}

}  // namespace sslsniff
