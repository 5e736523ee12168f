#pragma once

#include <memory>
#include <vector>

#include "app/options.h"
#include "app/output_formats.h"
#include "app/pcapng_output.h"
#include "app/run_loop.h"
#include "app/sinks.h"
#include "base/output_stream.h"
#include "base/result.h"
#include "capture/event_source.h"
#include "filter/connection_gate.h"
#include "filter/where_filter.h"
#include "model/event.h"
#include "model/message_schema.h"
#include "model/transaction.h"
#include "output/bodies/body_folder.h"
#include "output/bodies/body_stage.h"
#include "protocols/dns/dns_stage.h"
#include "stream/connection_table.h"
#include "stream/name_stage.h"
#include "stream/peer_names.h"

namespace sslsniff {

/// Everything behind an event source:
///
///     events → ConnectionGate? ─┬→ byte-level formats (trace, pcapng)
///                               └→ ConnectionTable → DnsStage → NameStage → FilterSink? → CountLimit →
///                               BodyStage?
///                                  → message-level formats (text, json, har)
class Pipeline final : public CaptureOutput {
  public:
    /// Opens the outputs that `options` names.
    static Result<std::unique_ptr<Pipeline>> create(const Options& options);

    EventConsumer& consumer() override {
        return gate_ ? static_cast<EventConsumer&>(*gate_) : static_cast<EventConsumer&>(events_);
    }
    Result<void> flush() override;
    bool is_done() const override;

    /// Events will come from `source`, which must exist as long as they do.
    void set_source(const EventSource& source) { source_ = &source; }

    /// Connections that a filter could not judge, since their socket was never found.
    std::uint64_t undecided() const { return gate_ ? gate_->undecided() : 0; }

    /// Ends all connections, hands the summary to every output and flushes them. Call once.
    Result<CaptureSummary> finish();

  private:
    /// What parsers use besides their limits; may be null.
    struct Services {
        std::unique_ptr<BodyFolder> bodies;
        std::unique_ptr<MessageSchema> schema;
    };
    static Result<Services> open_services(const Options& options);

    Pipeline(const Options& options, Services services);
    Result<void> add(const OutputSpec& spec, const Options& options);
    Origin origin() const;

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
    std::vector<std::unique_ptr<PcapngOutput>> pcapngs_;
    Services services_;
    SinkFanOut sinks_;
    BodyStage body_stage_{sinks_};
    CountLimit limit_;
    std::unique_ptr<FilterSink> where_;
    PeerNames names_;
    NameStage naming_;
    DnsStage dns_;
    ConnectionTable connections_;
    EventFanOut events_;
    std::unique_ptr<ConnectionGate> gate_;
    const EventSource* source_ = nullptr;
    bool reader_is_gone_ = false;
};

}  // namespace sslsniff
