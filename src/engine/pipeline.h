#pragma once

#include <sys/stat.h>

#include <memory>
#include <string>
#include <vector>

#include "base/patience.h"
#include "base/result.h"
#include "capture/event_source.h"
#include "engine/pipeline_options.h"
#include "engine/run_loop.h"
#include "filter/connection_gate.h"
#include "model/event.h"
#include "model/message_schema.h"
#include "model/transaction.h"
#include "output/bodies/body_folder.h"
#include "output/files/file_rules.h"
#include "output/output.h"
#include "stages/body_stage.h"
#include "stages/count_limit.h"
#include "stages/dns_stage.h"
#include "stages/name_stage.h"
#include "stages/sink_fan_out.h"
#include "stages/undecoded_tally.h"
#include "stages/where_stage.h"
#include "stream/connection_table.h"
#include "stream/peer_names.h"

namespace sslsniff {

/// Everything behind an event source:
///
///     events → ConnectionGate? ─┬→ byte-level formats (trace, pcapng)
///                               └→ ConnectionTable → DnsStage → NameStage → WhereStage? → CountLimit →
///                               BodyStage?
///                                  → message-level formats (text, json, har)
class Pipeline final : public CaptureOutput {
  public:
    /// Prepares the outputs that `options` names, and changes nothing in the file system. `patience` waits
    /// for their readers, and outlives it.
    static Result<std::unique_ptr<Pipeline>> create(const PipelineOptions& options, Patience& patience);

    /// The file `status` is read, as `what` for messages ("the input"): it is never written.
    void protect(const struct stat& status, const std::string& what);
    /// Whether open() will work, as far as can be told without changing anything. Waits for the readers of
    /// FIFOs.
    Result<void> check();
    /// Creates or empties the files. Until then what is written is kept.
    Result<void> open();

    EventConsumer& consumer() override {
        return gate_ ? static_cast<EventConsumer&>(*gate_) : static_cast<EventConsumer&>(events_);
    }
    void flush() override;
    bool is_done() const override;
    bool reopen() override;
    std::string totals() const override;

    /// Whether what comes could still be written anywhere.
    bool can_write() const;

    /// Events will come from `source`, which must exist as long as they do.
    void set_source(const EventSource& source) { source_ = &source; }

    /// Connections that a filter could not judge, since their socket was never found.
    std::uint64_t undecided() const { return gate_ ? gate_->undecided() : 0; }

    /// Of TLS that nobody decoded, one sentence; empty when there was none.
    std::string undecoded_tls() const { return undecoded_tls_.sentence(); }

    /// Bodies that --max-saved kept from being saved.
    std::uint64_t unsaved_bodies() const { return services_.bodies ? services_.bodies->unsaved() : 0; }

    /// Ends all connections, hands the summary to every output and flushes them. Call once. Returns what went
    /// wrong with outputs since open(): a sentence for each.
    std::vector<std::string> finish();
    /// What finish() told the outputs.
    const CaptureSummary& summary() const { return limit_.summary(); }

  private:
    /// What parsers use besides their limits; may be null.
    struct Services {
        std::unique_ptr<BodyFolder> bodies;
        std::unique_ptr<MessageSchema> schema;
    };
    Pipeline(const PipelineOptions& options, Services services);
    void add(const OutputSpec& spec, const PipelineOptions& options, Patience& patience);
    Origin origin() const;

    /// Hands each event to several consumers, in order.
    class EventFanOut final : public EventConsumer {
      public:
        void add(EventConsumer& consumer) { consumers_.push_back(&consumer); }
        void on_event(const CaptureEvent& event) override;

      private:
        std::vector<EventConsumer*> consumers_;
    };

    FileRules rules_{sudo_caller()};
    // What writes goes before what it writes to.
    std::vector<std::unique_ptr<Output>> outputs_;
    Services services_;
    SinkFanOut sinks_;
    UndecodedTally undecoded_tls_{sinks_};
    BodyStage body_stage_{undecoded_tls_};
    CountLimit limit_;
    std::unique_ptr<WhereStage> where_;
    PeerNames names_;
    NameStage naming_;
    DnsStage dns_;
    ConnectionTable connections_;
    EventFanOut events_;
    std::unique_ptr<ConnectionGate> gate_;
    const EventSource* source_ = nullptr;
    bool told_of_full_folder_ = false;
};

}  // namespace sslsniff
