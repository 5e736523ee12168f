#include "output/har/har_entries.h"

#include <algorithm>
#include <chrono>

#include "base/text.h"
#include "body/charset.h"
#include "body/decoded_body.h"

namespace sslsniff {
namespace {

double milliseconds(std::optional<Timestamp> from, std::optional<Timestamp> to) {
    if (!from || !to || *to < *from) {
        return 0;
    }
    return std::chrono::duration<double, std::milli>(*to - *from).count();
}

bool is_http(std::string_view protocol) {
    return protocol.starts_with("http/") || protocol == "h2" || protocol == "grpc" || protocol == "connect";
}

const Body& body_of(const FieldTree::Node* message) {
    static const Body none;
    const FieldTree::Node* node = message != nullptr ? message->find("body") : nullptr;
    return node != nullptr && node->body != nullptr ? *node->body : none;
}

}  // namespace

void HarEntries::render(const Transaction& transaction, std::uint32_t /*hint*/, Bytes& out) {
    if (!is_http(transaction.exchange->protocol())) {
        return;
    }
    const FieldTree fields(*transaction.exchange);
    if (fields.root().find("request") == nullptr && fields.root().find("response") == nullptr) {
        return;  // a message of a stream: its exchange follows
    }
    json_.begin_document();
    entry(transaction, fields.root());
    json_.end_object();
    out.append(json_.document());
}

void HarEntries::text(std::string_view key, ByteView bytes) {
    json_.text(key, is_utf8(bytes) ? Bytes(bytes) : printable(bytes));
}

void HarEntries::entry(const Transaction& transaction, const FieldTree::Node& fields) {
    const FieldTree::Node* request_node = fields.find("request");
    const ConnectionInfo& connection = transaction.connection;
    json_.plain("startedDateTime", TimeText(transaction.timing.start).view());
    timings(transaction.timing);
    request(request_node);
    response(fields.find("response"), request_node != nullptr ? request_node->text_of("version")
                                                              : ByteView(transaction.exchange->protocol()));
    json_.begin_object("cache");
    json_.end_object();
    const Endpoint& server =
        connection.role == Role::server ? connection.endpoints.local : connection.endpoints.remote;
    if (server.address.family != IpAddress::Family::none) {
        json_.text("serverIPAddress", to_string(server.address));
    }
    json_.text("connection", connection_name(connection.id));
    if (!transaction.integrity.complete) {
        json_.text("comment", "incomplete: " + transaction.integrity.reason);
    }
}

void HarEntries::timings(const Timing& timing) {
    // What was not seen took no time: negative values are not allowed here.
    const double send = milliseconds(timing.start, timing.request_end);
    const double wait =
        milliseconds(timing.request_end ? timing.request_end : timing.start, timing.response_start);
    const double receive = milliseconds(timing.response_start, timing.end);
    json_.number("time", send + wait + receive);
    json_.begin_object("timings");
    json_.number("send", send);
    json_.number("wait", wait);
    json_.number("receive", receive);
    json_.end_object();
}

/// RFC 6265 section 4: all pairs of Cookie, the first pair of each Set-Cookie.
void HarEntries::cookies(const FieldTree::Node* message) {
    const FieldTree::Node* list = message != nullptr ? message->find("headers") : nullptr;
    if (list == nullptr) {
        return;
    }
    for (const FieldTree::Node& field : list->children) {
        const bool set = equals_ignore_case(field.text_of("name"), "set-cookie");
        if (!set && !equals_ignore_case(field.text_of("name"), "cookie")) {
            continue;
        }
        ByteView rest = field.text_of("value");
        do {
            const std::size_t end = std::min(rest.find(';'), rest.size());
            assignment(trim(rest.substr(0, end)));
            rest.remove_prefix(std::min(end + 1, rest.size()));
        } while (!set && !rest.empty());
    }
}

void HarEntries::assignment(ByteView pair) {
    const std::size_t equals = std::min(pair.find('='), pair.size());
    json_.begin_object({});
    text("name", pair.substr(0, equals));
    text("value", pair.substr(std::min(equals + 1, pair.size())));
    json_.end_object();
}

void HarEntries::headers(const FieldTree::Node* message) {
    json_.begin_array("cookies");
    cookies(message);
    json_.end_array();
    json_.begin_array("headers");
    if (const FieldTree::Node* list = message != nullptr ? message->find("headers") : nullptr) {
        for (const FieldTree::Node& field : list->children) {
            json_.begin_object({});
            text("name", field.text_of("name"));
            text("value", field.text_of("value"));
            json_.end_object();
        }
    }
    json_.end_array();
    json_.number("headersSize", std::int64_t{-1});
    json_.number("bodySize", static_cast<std::int64_t>(body_of(message).size));
}

void HarEntries::query(ByteView url) {
    json_.begin_array("queryString");
    const std::size_t mark = url.find('?');
    ByteView rest = mark == ByteView::npos ? ByteView() : url.substr(mark + 1, url.find('#') - mark - 1);
    while (!rest.empty()) {
        const std::size_t end = std::min(rest.find('&'), rest.size());
        assignment(rest.substr(0, end));
        rest.remove_prefix(std::min(end + 1, rest.size()));
    }
    json_.end_array();
}

void HarEntries::request(const FieldTree::Node* node) {
    static const FieldTree::Node none;
    const FieldTree::Node& request = node != nullptr ? *node : none;
    json_.begin_object("request");
    text("method", request.text_of("method"));
    text("url", request.text_of("url"));
    text("httpVersion", request.text_of("version"));
    query(request.text_of("url"));
    headers(node);
    const Body& body = body_of(node);
    if (body.size != 0) {
        json_.begin_object("postData");
        text("mimeType", body.content_type);
        text("text", decode_body(body).bytes);
        json_.end_object();
    }
    json_.end_object();
}

void HarEntries::response(const FieldTree::Node* node, ByteView version) {
    const FieldTree::Node* status = node != nullptr ? node->find("status") : nullptr;
    json_.begin_object("response");
    json_.number("status", status != nullptr ? status->number : std::int64_t{0});
    text("statusText", node != nullptr ? node->text_of("reason") : ByteView());
    text("httpVersion", version);
    ByteView location;
    if (const FieldTree::Node* list = node != nullptr ? node->find("headers") : nullptr) {
        for (const FieldTree::Node& field : list->children) {
            if (equals_ignore_case(field.text_of("name"), "location")) {
                location = field.text_of("value");
            }
        }
    }
    text("redirectURL", location);
    headers(node);
    content(body_of(node));
    json_.end_object();
}

void HarEntries::content(const Body& body) {
    const DecodedBody decoded = decode_body(body);
    const bool whole = !body.truncated() && decoded.state <= DecodedBody::State::decoded;
    json_.begin_object("content");
    json_.number("size", static_cast<std::int64_t>(whole ? decoded.bytes.size() : body.size));
    text("mimeType", body.content_type.empty() ? "application/octet-stream" : body.content_type);
    const std::string utf8 = to_utf8(decoded.bytes, parameter_of(body.content_type, "charset"));
    if (is_utf8(utf8)) {
        json_.text("text", utf8);
    } else {
        json_.plain("text", base64(decoded.bytes));
        json_.plain("encoding", "base64");
    }
    const std::string remark =
        body.truncated() ? "not all of it was kept" : describe_decoding(decoded, body.content_encoding);
    if (!remark.empty()) {
        text("comment", remark);
    }
    json_.end_object();
}

}  // namespace sslsniff
