#pragma once

#include <chrono>
#include <functional>
#include <memory>
#include <optional>
#include <string>
#include <string_view>
#include <vector>

#include "base/patience.h"
#include "model/transaction.h"
#include "output/metrics/metrics_sink.h"
#include "output/otlp/curl_collector.h"
#include "output/otlp/delivery.h"
#include "output/otlp/request_queue.h"
#include "output/otlp/span_batch.h"
#include "output/otlp/span_maker.h"
#include "output/otlp/spool.h"
#include "output/output.h"
#include "output/output_context.h"

namespace sslsniff {

/// Sends spans, and metrics when asked for, to a collector of OpenTelemetry (docs/otlp.md): by OTLP/HTTP in
/// protobuf and gzip, from where the capture hands on what it has. It never makes a live capture wait: what
/// cannot be sent waits within a bound, and then is counted as lost.
class OtlpOutput final : public Output, private TransactionSink {
  public:
    struct Parts {
        std::string url;  ///< as it was given
        OtlpSettings settings;
        std::string host_name;
        FileRules* rules = nullptr;                        ///< of what is spooled; never null
        std::function<std::optional<BufferUse>()> buffer;  ///< nothing: recordings can wait
        Patience* patience = nullptr;                      ///< may be null
        std::uint64_t seed = 0;                            ///< of pauses
    };
    OtlpOutput(Parts parts, const SpanIds& ids);

    TransactionSink* transactions() override { return this; }
    /// Whether the URL can be understood, and libcurl is there.
    Result<void> check(Timestamp now) override;
    /// The collector may come later.
    Result<void> open(Timestamp now) override;
    Result<bool> flush() override;
    Result<void> finish() override;
    bool is_done() const override { return false; }
    std::vector<std::pair<std::string, std::uint64_t>> counts() const override;
    std::vector<std::string> take_remarks() override;

  private:
    using Clock = std::chrono::steady_clock;

    void on_open(const OpenConnection& connection) override { metrics_.on_open(connection); }
    void on_withdraw(const ConnectionInfo& connection) override { metrics_.on_withdraw(connection); }
    void on_transaction(const Transaction& transaction) override;
    void on_connection(const ConnectionRecord& record) override { metrics_.on_connection(record); }
    void on_loss(const LossEvent& loss) override;
    void on_summary(const CaptureSummary& /*summary*/) override {}

    void add(const std::shared_ptr<const ProcessInfo>& process, const Span& span);
    void send_batch();
    void send_metrics();
    /// Waits as long as much waits and some of it is delivered.
    void wait_for_room();
    /// The same until at most `items` wait.
    void drain(std::uint64_t items, Clock::duration patience);

    Parts parts_;
    SpanMaker maker_;
    SpanBatch batch_;
    MetricsSink metrics_;
    std::shared_ptr<const ProcessInfo> own_ = std::make_shared<ProcessInfo>();
    TlsFiles tls_;  ///< read by check()
    std::optional<Spool> spool_;
    std::optional<RequestQueue> queue_;  ///< this and what follows: once it is open
    std::unique_ptr<Collector> collector_;
    std::optional<Delivery> delivery_;
    Clock::time_point batch_sent_;
    Clock::time_point metrics_sent_;
    Timestamp opened_;  ///< when metrics began to count
    std::vector<std::string> remarks_;
};

/// A URL as of parse_collector_url().
Result<void> check_otlp_place(std::string_view place);
/// To the collector that the place names.
std::unique_ptr<Output> make_otlp_output(const OutputPlace& place, const OutputContext& context);

}  // namespace sslsniff
