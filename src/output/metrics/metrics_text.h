#pragma once

#include <optional>
#include <string>
#include <vector>

#include "base/process_use.h"
#include "capture/event_source.h"
#include "output/metrics/metrics_sink.h"

namespace sslsniff {

/// What the capture itself takes; absent: it cannot be told.
struct CaptureUse {
    ProcessUse own;
    std::optional<AttacherUse> attacher{};
    std::optional<BufferUse> buffer{};
    std::vector<MapUse> maps{};
};

/// All of it in Prometheus' text format, version 0.0.4
/// (https://prometheus.io/docs/instrumenting/exposition_formats): docs/metrics.md names the families.
std::string metrics_text(const MetricsSink& counts, const CaptureUse& use);

/// `bytes` as the value of a label, between quotes: UTF-8, with what the format gives a meaning escaped.
std::string label_value(ByteView bytes);

}  // namespace sslsniff
