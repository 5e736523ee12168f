#include "protocols/nats/headers.h"

#include <charconv>

#include "base/text.h"

namespace sslsniff::nats {
namespace {

constexpr std::size_t kMostHeaders = 256;
constexpr unsigned kNoResponders = 503;

ByteView take_line(ByteView& text) {
    const std::size_t end = text.find('\n');
    ByteView line = text.substr(0, end);
    text.remove_prefix(end == ByteView::npos ? text.size() : end + 1);
    if (line.ends_with('\r')) {
        line.remove_suffix(1);
    }
    return line;
}

/// "NATS/1.0 503 No Responders": what is behind the version.
void read_status(ByteView text, Headers& out) {
    const auto [last, error] = std::from_chars(text.data(), text.data() + text.size(), out.status);
    if (error == std::errc()) {
        out.description = trim(text.substr(static_cast<std::size_t>(last - text.data())));
    }
    if (out.status == kNoResponders && out.description.empty()) {
        out.description = "No Responders";  // servers leave it out
    }
}

}  // namespace

Headers write_headers(ByteView headers, FieldWriter& writer) {
    constexpr ByteView kVersion = "NATS/1.0";
    Headers out;
    const ByteView first = take_line(headers);
    out.good = first.starts_with(kVersion);
    if (out.good) {
        read_status(trim(first.substr(kVersion.size())), out);
    }
    if (out.status != 0) {
        writer.number("status", out.status);
        writer.text("description", out.description);
    }
    bool open = false;
    for (std::size_t count = 0; !headers.empty() && count < kMostHeaders; ++count) {
        const ByteView line = take_line(headers);
        const std::size_t colon = line.find(':');
        if (line.empty()) {
            break;
        }
        if (colon == ByteView::npos) {
            out.good = false;
            break;
        }
        const ByteView name = line.substr(0, colon);
        const ByteView value = trim(line.substr(colon + 1));
        if (!open) {
            writer.begin_array("headers");
            open = true;
        }
        writer.begin_object({});
        writer.text("name", name);
        writer.text("value", value);
        writer.end_object();
        if (equals_ignore_case(name, "Nats-Service-Error-Code")) {
            out.error_code = value;
        }
    }
    if (open) {
        writer.end_array();
    }
    return out;
}

}  // namespace sslsniff::nats
