#pragma once

#include <memory>
#include <optional>
#include <string>
#include <vector>

#include "output/metrics/metrics_sink.h"
#include "output/metrics/page_server.h"
#include "output/output.h"
#include "output/output_context.h"

namespace sslsniff {

/// Serves what MetricsSink counts to Prometheus (--metrics, docs/metrics.md), from where the capture hands on
/// what it has. It is never done, and never waits.
class MetricsOutput final : public Output {
  public:
    /// Whom to ask for what is not counted here; as of OutputContext. Each may be empty.
    struct Sources {
        std::function<std::optional<BufferUse>()> buffer{};
        std::function<std::optional<AttacherUse>()> attacher{};
        std::function<std::vector<MapUse>()> maps{};
    };
    /// `address` as of parse_endpoint().
    MetricsOutput(std::string address, Sources sources);

    TransactionSink* transactions() override { return &counts_; }
    bool reads_fields() const override { return false; }
    /// Listens already: another one at the same place is an error before anything is attached.
    Result<void> check(Timestamp now) override;
    Result<void> open(Timestamp now) override;
    Result<bool> flush() override;
    Result<void> finish() override { return {}; }
    bool is_done() const override { return false; }
    std::vector<std::string> take_remarks() override;

  private:
    std::string address_;
    Sources sources_;
    MetricsSink counts_;
    PageServer server_;
    bool is_open_ = false;
    bool told_ = false;
};

/// docs/metrics.md: at the address that the place names.
std::unique_ptr<Output> make_metrics_output(const OutputPlace& place, const OutputContext& context);

}  // namespace sslsniff
