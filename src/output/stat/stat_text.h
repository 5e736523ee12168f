#pragma once

#include <functional>

#include "base/output_stream.h"
#include "output/stat/stat_sink.h"

namespace sslsniff {

/// One table for each interval: a row for each group, those with the most transactions first, and a line
/// about connections. Whatever the bytes, only printable characters come out.
class StatText final : public StatSink {
  public:
    /// `out` must outlive the sink. `clock` says a time as people do.
    using Clock = std::function<std::string(Timestamp)>;
    StatText(OutputStream& out, const StatOptions& options, Clock clock)
        : StatSink(options), out_(out), clock_(std::move(clock)) {}

  private:
    void show(const Statistics& statistics, Timestamp from, Timestamp to) override;
    void show_groups(const Statistics& statistics, Duration time);

    OutputStream& out_;
    Clock clock_;
};

}  // namespace sslsniff
