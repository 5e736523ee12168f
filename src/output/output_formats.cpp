#include "output/output_formats.h"

#include <algorithm>
#include <array>

#include "output/bodies/bodies_output.h"
#include "output/har/har_output.h"
#include "output/html/html_output.h"
#include "output/json/json_output.h"
#include "output/kafka/kafka_output.h"
#include "output/metrics/metrics_output.h"
#include "output/otlp/otlp_output.h"
#include "output/pcapng/pcapng_output.h"
#include "output/stat/stat_output.h"
#include "output/text/text_output.h"
#include "output/top/top_output.h"
#include "output/trace/trace_output.h"

namespace sslsniff {
namespace {

using Kind = OutputFormat::Kind;

constexpr std::array<OutputFormat, 13> kFormats{{
    {"text", Kind::people, true, make_text_output},
    {"json", Kind::programs, true, make_json_output},
    {"stat", Kind::people, true, make_stat_output},
    {"stat-json", Kind::programs, true, make_stat_json_output},
    {"har", Kind::programs, false, make_har_output},
    {"html", Kind::programs, false, make_html_output},
    {"trace", Kind::programs, false, make_trace_output},
    {kTopFormat, Kind::terminal, false, make_top_output},
    {"kafka", Kind::remote, true, make_kafka_output, check_kafka_place},
    {kOtlpFormat, Kind::remote, true, make_otlp_output, check_otlp_place},
    {kPcapngFormat, Kind::programs, false, make_pcapng_output},
    {kBodiesFormat, Kind::folder, false, make_bodies_output},
    {kMetricsFormat, Kind::network, false, make_metrics_output},
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
        if (format.is_chosen_by_name()) {
            names += (names.empty() ? "" : ", ") + std::string(format.name);
        }
    }
    return names;
}

}  // namespace sslsniff
