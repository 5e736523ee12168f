#include "protocols/stream_message.h"

#include <fmt/format.h>

#include "base/memory.h"
#include "base/text.h"
#include "body/body_text.h"

namespace sslsniff {
namespace {

constexpr std::size_t kExcerpt = 100;

/// The beginning of `text`, which is the beginning of `size` bytes.
void append_excerpt(std::string& line, ByteView text, std::uint64_t size) {
    const ByteView cut = text.substr(0, kExcerpt);
    const ByteView excerpt = cut.substr(0, without_cut_code_point(cut));
    line += fmt::format(" {}{}", excerpt, excerpt.size() < size ? "..." : "");
}

}  // namespace

std::size_t StreamMessage::held() const {
    std::size_t held = allocated(sizeof(*this)) + heap_bytes(type) + body.held() + heap_bytes(attributes) +
                       heap_bytes(protocol_) + heap_bytes(origin_.url);
    for (const Attribute& attribute : attributes) {
        held += heap_bytes(attribute.name) + heap_bytes(attribute.value);
    }
    return held;
}

Summary StreamMessage::summary() const {
    Summary summary;
    summary.request = origin_.url;
    summary.towards_client = side_ == Side::response;
    summary.response = type;
    for (const Attribute& attribute : attributes) {
        if (attribute.in_summary) {
            summary.response += fmt::format(" {}={}", attribute.name, attribute.value);
        }
    }
    if (!body.json.empty()) {
        append_excerpt(summary.response, body.json, body.json.size());
    } else if (!body.captured.empty() && looks_like_text(body.captured)) {
        append_excerpt(summary.response, body.captured, body.size);
    }
    (side_ == Side::request ? summary.request_bytes : summary.response_bytes) = body.size;
    return summary;
}

Facts StreamMessage::facts() const {
    Facts facts;
    facts.operation = type;
    facts.target = origin_.url;
    (side_ == Side::request ? facts.request_bytes : facts.response_bytes) = body.size;
    return facts;
}

void StreamMessage::write_fields(FieldWriter& writer) const {
    writer.begin_object("message");
    writer.text("url", origin_.url);
    if (origin_.stream != 0) {
        writer.number("stream", origin_.stream);
    }
    writer.text("from", side_ == Side::request ? "client" : "server");
    writer.number("number", number_);
    writer.text("type", type);
    for (const Attribute& attribute : attributes) {
        writer.text(attribute.name, attribute.value);
    }
    writer.body("body", body);
    writer.end_object();
}

void StreamMessage::write_details(DetailWriter& writer) const {
    for (const Attribute& attribute : attributes) {
        if (!attribute.in_summary) {
            writer.line('*', fmt::format("{}: {}", attribute.name, attribute.value));
        }
    }
    if (body.size != 0 || !body.json.empty()) {
        writer.body(side_ == Side::request ? '>' : '<', body);
    }
}

}  // namespace sslsniff
