#pragma once

#include <cstdint>
#include <optional>
#include <string>

#include "capture/event_source.h"
#include "output/metrics/metrics_sink.h"

namespace sslsniff {

/// What the program itself uses; absent: it cannot be told.
struct OwnUsage {
    double cpu_seconds = 0;
    std::optional<std::uint64_t> resident_bytes;
    std::optional<std::uint64_t> open_files;
    std::optional<AttacherUse> attacher{};
};

/// All of it in Prometheus' text format, version 0.0.4
/// (https://prometheus.io/docs/instrumenting/exposition_formats): docs/metrics.md names the families.
std::string metrics_text(const MetricsSink& counts, const std::optional<BufferUse>& buffer,
                         const OwnUsage& usage);

/// `bytes` as the value of a label, between quotes: UTF-8, with what the format gives a meaning escaped.
std::string label_value(ByteView bytes);

}  // namespace sslsniff
