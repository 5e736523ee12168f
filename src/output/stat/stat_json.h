#pragma once

#include "base/output_stream.h"
#include "output/json/json_writer.h"
#include "output/stat/stat_sink.h"

namespace sslsniff {

/// One JSON object per line for each group of an interval, and one for its connections (docs/stat.md).
class StatJson final : public StatSink {
  public:
    /// `out` must outlive the sink.
    StatJson(OutputStream& out, const StatOptions& options) : StatSink(options), out_(out) {}

  private:
    void show(const Statistics& statistics, Timestamp from, Timestamp to) override;
    void begin(std::string_view type, Timestamp from, Timestamp to);
    void histogram(std::string_view key, const Histogram& histogram);

    OutputStream& out_;
    JsonWriter json_;
};

}  // namespace sslsniff
