#include "engine/output_formats.h"

#include <fmt/format.h>
#include <sys/utsname.h>

#include <algorithm>
#include <array>
#include <cstdlib>
#include <utility>

#include "capture/trace/trace_writer.h"
#include "output/har/har_sink.h"
#include "output/json/json_sink.h"
#include "output/pcapng/pcapng_sink.h"
#include "output/text/connection_rows.h"
#include "output/text/text_sink.h"
#include "protocols/decode_as.h"
#include "protocols/protocol.h"

namespace sslsniff {
namespace {

bool wants_color(const PipelineOptions& options, bool terminal) {
    if (options.settings.color != ColorMode::automatic) {
        return options.settings.color == ColorMode::always;
    }
    const char* no_color = std::getenv("NO_COLOR");  // https://no-color.org
    return terminal && (no_color == nullptr || *no_color == '\0');
}

std::unique_ptr<Output> make_text(std::unique_ptr<OutputFile> file, const PipelineOptions& options,
                                  const std::function<Origin()>& /*origin*/) {
    TextOptions text;
    text.verbosity = options.settings.verbosity;
    text.hex = options.settings.hex;
    text.color = wants_color(options, file->is_terminal());
    text.utc_offset = local_utc_offset;
    if (file->is_terminal()) {
        text.columns = [terminal = file.get()] { return terminal->terminal_columns(); };
    }
    if (options.settings.connections) {
        return std::make_unique<TransactionOutput<ConnectionRows>>(std::move(file), std::move(text));
    }
    return std::make_unique<TransactionOutput<TextSink>>(std::move(file), std::move(text));
}

std::unique_ptr<Output> make_json(std::unique_ptr<OutputFile> file, const PipelineOptions& /*options*/,
                                  const std::function<Origin()>& /*origin*/) {
    return std::make_unique<TransactionOutput<JsonSink>>(std::move(file));
}

std::unique_ptr<Output> make_har(std::unique_ptr<OutputFile> file, const PipelineOptions& /*options*/,
                                 const std::function<Origin()>& /*origin*/) {
    return std::make_unique<TransactionOutput<HarSink>>(std::move(file));
}

std::unique_ptr<Output> make_trace(std::unique_ptr<OutputFile> file, const PipelineOptions& /*options*/,
                                   const std::function<Origin()>& origin) {
    return std::make_unique<EventOutput<TraceWriter>>(std::move(file), origin);
}

PcapngHost this_host() {
    PcapngHost host;
    utsname system{};
    if (::uname(&system) == 0) {
        host.hardware = static_cast<const char*>(system.machine);
        host.os = fmt::format("{} {}", static_cast<const char*>(system.sysname),
                              static_cast<const char*>(system.release));
    }
    return host;
}

std::string guess_protocol(const std::vector<DecodeAs>& rules, const ConnectionInfo& connection,
                           ByteView sent, ByteView received) {
    if (const Protocol* forced = find_decode_as(rules, connection.endpoints)) {
        return std::string(forced->name);
    }
    const auto start = connection.midstream ? Evidence::Start::anywhere : Evidence::Start::beginning;
    const Evidence evidence{connection, start, {Evidence::Side{sent}, Evidence::Side{received}}};
    for (const Protocol& protocol : protocols()) {
        if (protocol.detect()->look(evidence) == Verdict::yes) {
            return std::string(protocol.name);
        }
    }
    return {};
}

std::unique_ptr<StreamContext> make_context(std::string_view protocol, Direction client, bool from_start) {
    const Protocol* row = find_protocol(protocol);
    return row != nullptr && row->dissector != nullptr && row->dissector().make_context != nullptr
               ? row->dissector().make_context(client, from_start)
               : nullptr;
}

std::unique_ptr<Output> make_pcapng(std::unique_ptr<OutputFile> file, const PipelineOptions& options,
                                    const std::function<Origin()>& /*origin*/) {
    PcapngOptions pcapng;
    pcapng.encapsulation = options.settings.pcapng;
    pcapng.host = this_host();
    pcapng.max_memory = options.settings.max_memory / 4;
    const auto guess = [rules = options.decode_as](const ConnectionInfo& connection, ByteView sent,
                                                   ByteView received) {
        return guess_protocol(rules, connection, sent, received);
    };
    return std::make_unique<EventOutput<PcapngSink>>(std::move(file), std::move(pcapng), guess, make_context);
}

constexpr std::array<OutputFormat, 5> kFormats{{
    {"text", true, make_text},
    {"json", false, make_json},
    {"har", false, make_har},
    {"trace", false, make_trace},
    {kPcapngFormat, false, make_pcapng},
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
