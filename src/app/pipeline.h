#pragma once

#include <memory>
#include <vector>

#include "app/options.h"
#include "app/output_formats.h"
#include "app/run_loop.h"
#include "app/sinks.h"
#include "base/output_stream.h"
#include "base/result.h"
#include "model/event.h"
#include "model/transaction.h"
#include "protocols/dns/dns_stage.h"
#include "stream/connection_table.h"

namespace sslsniff {

/// Everything behind an event source:
///
///     events ─┬→ byte-level formats (trace)
///             └→ ConnectionTable → DnsStage → CountLimit → message-level formats (text, json)
class Pipeline final : public CaptureOutput {
  public:
    /// Opens the outputs that `options` names.
    static Result<std::unique_ptr<Pipeline>> create(const Options& options);

    EventConsumer& consumer() override { return events_; }
    Result<void> flush() override;
    bool is_done() const override { return reader_is_gone_ || limit_.is_reached(); }

    /// Ends all connections, hands the summary to every output and flushes them. Call once.
    Result<CaptureSummary> finish();

  private:
    explicit Pipeline(const Options& options);
    Result<void> add(const OutputSpec& spec, const Options& options);

    /// Hands each event to several consumers, in order.
    class EventFanOut final : public EventConsumer {
      public:
        void add(EventConsumer& consumer) { consumers_.push_back(&consumer); }
        void on_event(const CaptureEvent& event) override;

      private:
        std::vector<EventConsumer*> consumers_;
    };

    // From the streams up: what writes goes before what it writes to.
    std::vector<std::unique_ptr<FdOutputStream>> streams_;
    std::vector<std::unique_ptr<EventConsumer>> writers_;
    SinkFanOut sinks_;
    CountLimit limit_;
    DnsStage dns_;
    ConnectionTable connections_;
    EventFanOut events_;
    bool reader_is_gone_ = false;
};

}  // namespace sslsniff
