#pragma once

#include <cstdint>

#include "base/bytes.h"
#include "model/time.h"
#include "output/metrics/metrics_sink.h"
#include "output/otlp/encoding.h"

namespace sslsniff {

/// Since when metrics count, and when they were looked at.
struct MetricsTime {
    Timestamp start;
    Timestamp now;
};

struct EncodedMetrics {
    std::uint64_t points = 0;
    Bytes message;  ///< an ExportMetricsServiceRequest
};

/// What --metrics serves (docs/metrics.md), as OpenTelemetry has it: names with dots and without "_total",
/// sums since `start`.
EncodedMetrics encode_metrics(const MetricsSink& counts, const MetricsTime& time,
                              const ResourceAttributes& host);

}  // namespace sslsniff
