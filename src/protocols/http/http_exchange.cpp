#include "protocols/http/http_exchange.h"

#include <fmt/format.h>

namespace sslsniff {
namespace {

Summary::Tone tone_of(const std::optional<HttpResponse>& response) {
    if (!response) {
        return Summary::Tone::incomplete;
    }
    switch (response->status / 100) {
        case 3:
            return Summary::Tone::redirect;
        case 4:
            return Summary::Tone::client_error;
        case 5:
            return Summary::Tone::server_error;
        default:
            return Summary::Tone::normal;
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

void detail_message(DetailWriter& writer, char marker, const HttpMessage& message) {
    detail_headers(writer, marker, message.headers);
    if (message.headers_truncated) {
        writer.line('*', "more header fields passed than were kept");
    }
    if (message.body.size != 0) {
        writer.body(marker, message.body);
    }
    detail_headers(writer, marker, message.trailers);
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

void HttpMessage::describe_body() {
    body.content_type = headers.find("Content-Type").value_or(ByteView{});
    body.content_encoding = headers.find("Content-Encoding").value_or(ByteView{});
}

void HttpMessage::save_body(BodyStore& store) {
    if (!body.record && body.size == 0) {
        body.record = store.open(body.content_encoding);
    }
}

void HttpMessage::receive(ByteView octets, std::size_t limit, Timestamp time) {
    append(body, octets, limit);
    if (body.record) {
        body.record->write(octets);
    }
    if (application != nullptr) {
        application->on_octets(side, octets, time);
    }
}

void HttpMessage::miss(std::uint64_t bytes) {
    body.size += bytes;
    body.missing += bytes;
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
        application->on_end(side, time);
    }
}

Summary HttpExchange::summary() const {
    Summary summary;
    summary.tone = tone_of(response);
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

void HttpExchange::write_fields(FieldWriter& writer) const {
    if (request) {
        write_request(writer, *request);
    }
    if (!informational.empty()) {
        write_informational(writer, informational);
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
        detail_message(writer, '>', *request);
    }
    for (const auto& early : informational) {
        writer.line('<', early.version + ' ' + status_text(early.status, early.reason));
        detail_headers(writer, '<', early.headers);
    }
    if (response) {
        writer.line('<', response->version + ' ' + status_text(response->status, response->reason));
        detail_message(writer, '<', *response);
    }
    if (application) {
        application->write_details(*this, writer);
    }
}

}  // namespace sslsniff
