#include "app/output_formats.h"

#include <fmt/format.h>

#include <algorithm>
#include <array>
#include <cstdlib>
#include <utility>

#include "capture/trace_writer.h"
#include "output/har/har_sink.h"
#include "output/json/json_sink.h"
#include "output/text/connection_rows.h"
#include "output/text/text_sink.h"

namespace sslsniff {
namespace {

bool wants_color(const Options& options, bool terminal) {
    if (options.color != ColorMode::automatic) {
        return options.color == ColorMode::always;
    }
    const char* no_color = std::getenv("NO_COLOR");  // https://no-color.org
    return terminal && (no_color == nullptr || *no_color == '\0');
}

std::unique_ptr<TransactionSink> make_text(OutputStream& stream, const Options& options, bool terminal) {
    TextOptions text;
    text.verbosity = options.verbosity;
    text.hex = options.hex;
    text.color = wants_color(options, terminal);
    text.utc_offset = local_utc_offset;
    if (options.connections) {
        return std::make_unique<ConnectionRows>(stream, std::move(text));
    }
    return std::make_unique<TextSink>(stream, std::move(text));
}

std::unique_ptr<TransactionSink> make_json(OutputStream& stream, const Options& /*options*/,
                                           bool /*terminal*/) {
    return std::make_unique<JsonSink>(stream);
}

std::unique_ptr<TransactionSink> make_har(OutputStream& stream, const Options& /*options*/,
                                          bool /*terminal*/) {
    return std::make_unique<HarSink>(stream);
}

std::unique_ptr<EventConsumer> make_trace(OutputStream& stream, std::function<Origin()> origin) {
    return std::make_unique<TraceWriter>(stream, std::move(origin));
}

constexpr std::array<OutputFormat, 5> kFormats{{
    {"text", true, make_text, nullptr},
    {"json", false, make_json, nullptr},
    {"har", false, make_har, nullptr},
    {"trace", false, nullptr, make_trace},
    {kPcapngFormat, false, nullptr, nullptr},
}};

}  // namespace

std::span<const OutputFormat> output_formats() {
    return kFormats;
}

const OutputFormat* find_output_format(std::string_view name) {
    const auto* found = std::ranges::find(kFormats, name, &OutputFormat::name);
    return found != kFormats.end() ? found : nullptr;
}

std::string output_format_names() {
    std::string names;
    for (const auto& format : kFormats) {
        names += (names.empty() ? "" : ", ") + std::string(format.name);
    }
    return names;
}

}  // namespace sslsniff
