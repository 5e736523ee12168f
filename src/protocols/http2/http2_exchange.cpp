#include "protocols/http2/http2_exchange.h"

#include <fmt/format.h>

#include "protocols/http2/frame.h"

namespace sslsniff {

std::string to_string(const Http2Exchange::Reset& reset) {
    if (!reset.code) {
        return "unknown";
    }
    const std::string_view name = http2::error_name(*reset.code);
    return name.empty() ? fmt::format("0x{:x}", *reset.code) : std::string(name);
}

Summary Http2Exchange::summary() const {
    Summary summary = HttpExchange::summary();
    if (response && response->status == 0) {
        summary.response = kUnknownText;
        summary.tone = tone_of(Outcome::unknown);
    }
    if (failed()) {
        summary.response += summary.response.empty() ? "reset " : ", reset ";
        summary.response += to_string(*reset);
        summary.tone = tone_of(Outcome::failed);
    }
    return summary;
}

Facts Http2Exchange::facts() const {
    Facts facts = HttpExchange::facts();
    if (failed()) {
        facts.outcome = Outcome::failed;
        facts.error_type = to_string(*reset);
    }
    return facts;
}

void Http2Exchange::write_fields(FieldWriter& writer) const {
    HttpExchange::write_fields(writer);
    writer.begin_object("stream");
    writer.number("id", stream_id);
    if (pushed) {
        writer.boolean("pushed", true);
    }
    if (request && !request->protocol.empty()) {
        writer.text("protocol", request->protocol);
    }
    if (reset) {
        writer.text("reset", to_string(*reset));
        writer.text("reset_by", reset->by_client ? "client" : "server");
    }
    writer.end_object();
}

void Http2Exchange::write_details(DetailWriter& writer) const {
    HttpExchange::write_details(writer);
    if (pushed) {
        writer.line('*', fmt::format("stream {}, pushed by the server", stream_id));
    }
    if (reset) {
        writer.line('*', fmt::format("stream {} was reset by the {}: {}", stream_id,
                                     reset->by_client ? "client" : "server", to_string(*reset)));
    }
}

}  // namespace sslsniff
