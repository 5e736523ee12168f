#include "protocols/http/stream_message.h"

#include <fmt/format.h>

#include "body/body_text.h"

namespace sslsniff {
namespace {

constexpr std::size_t kExcerpt = 100;

}  // namespace

Summary StreamMessage::summary() const {
    Summary summary;
    summary.request = origin_.url;
    summary.response = side_ == Side::request ? "> " : "< ";
    summary.response += type;
    for (const Attribute& attribute : attributes) {
        summary.response += fmt::format(" {}={}", attribute.name, attribute.value);
    }
    if (!body.captured.empty() && looks_like_text(body.captured)) {
        const ByteView excerpt = ByteView(body.captured).substr(0, kExcerpt);
        summary.response += fmt::format(" {}{}", excerpt, excerpt.size() < body.size ? "..." : "");
    }
    (side_ == Side::request ? summary.request_bytes : summary.response_bytes) = body.size;
    return summary;
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
    if (body.size != 0) {
        writer.body(side_ == Side::request ? '>' : '<', body);
    }
}

}  // namespace sslsniff
