#pragma once

#include <sys/stat.h>

#include <array>
#include <cstdint>
#include <memory>
#include <optional>
#include <string>
#include <variant>
#include <vector>

#include "base/patience.h"
#include "base/result.h"
#include "capture/event_source.h"
#include "control/capture_status.h"
#include "engine/pipeline_options.h"
#include "engine/run_loop.h"
#include "filter/connection_gate.h"
#include "model/event.h"
#include "model/message_schema.h"
#include "model/transaction.h"
#include "output/files/file_rules.h"
#include "output/output.h"
#include "output/rendering/render_queue.h"
#include "stages/count_limit.h"
#include "stages/dns_stage.h"
#include "stages/name_stage.h"
#include "stages/protocol_tally.h"
#include "stages/redaction_stage.h"
#include "stages/sink_fan_out.h"
#include "stages/undecoded_tally.h"
#include "stages/where_stage.h"
#include "stream/connection_table.h"
#include "stream/peer_names.h"

namespace sslsniff {

/// Everything behind an event source:
///
///     events → ConnectionGate ─┬→ outputs that take events (trace, pcapng)
///                              └→ ConnectionTable → DnsStage → NameStage → ProtocolTally → WhereStage
///                                 → CountLimit → RedactionStage? → UndecodedTally → outputs that take
///                                 transactions (bodies, text, ...)
class Pipeline final : public CaptureOutput {
  public:
    using Outputs = std::vector<std::unique_ptr<Output>>;

    /// Prepares the outputs that `options` names, and changes nothing in the file system. `patience` waits
    /// for their readers, and outlives it. `more`: outputs of the caller.
    static Result<std::unique_ptr<Pipeline>> create(const PipelineOptions& options, Patience& patience,
                                                    Outputs more = {});

    /// The file `status` is read, as `what` for messages ("the input"): it is never written.
    void protect(const struct stat& status, const std::string& what);
    FileRules& files() { return rules_; }
    /// Whether open() will work, as far as can be told without changing anything. Waits for the readers of
    /// FIFOs.
    Result<void> check();
    /// Creates or empties the files. Until then what is written is kept.
    Result<void> open();

    EventConsumer& consumer() override { return gate_; }
    /// Has other threads render transactions, where an output can do with that; until then, and without, it
    /// is done by the caller's. What is written is the same. To be called when nothing forks any more, and
    /// behind what a thread must inherit.
    void start_threads();

    bool flush() override;
    bool is_done() const override;
    bool reopen() override;
    std::string totals() const override;
    std::vector<std::string> take_remarks() override;

    /// What was seen so far: takes time for each open connection.
    CaptureSummary running_summary() const;
    std::size_t open_connections() const { return connections_.open_connections(); }
    /// Bytes of memory that open connections hold, and transactions that are not written yet.
    std::size_t held() const { return connections_.held() + rendering_.held(); }

    /// Whether what comes could still be written anywhere.
    bool can_write() const;

    /// Events will come from `source`, which must exist as long as they do.
    void set_source(EventSource& source) { source_ = &source; }
    /// It will not exist any longer. Behind finish().
    void forget_source() { source_ = nullptr; }

    /// Connections that a filter could not judge, since their socket was never found.
    std::uint64_t undecided() const { return gate_.undecided(); }

    /// As PipelineOptions::expression, for connections that begin from now on.
    Result<void> set_filter(const std::string& expression);
    /// As PipelineOptions::where, for transactions that are handed on from now on. An error, too, when what a
    /// filter looks at is not read, since nothing shows it.
    Result<void> set_where(const std::string& expression);
    /// Fills in what is known here.
    void describe(CaptureStatus& status) const;

    /// Of TLS that nobody decoded, one sentence; empty when there was none.
    std::string undecoded_tls() const { return undecoded_tls_.sentence(); }

    /// Ends all connections, hands the summary to every output and finishes them. Call once. Returns what
    /// went wrong with outputs since open(): a sentence for each.
    std::vector<std::string> finish();
    /// What finish() told the outputs.
    const CaptureSummary& summary() const { return limit_.summary(); }

  private:
    Pipeline(const PipelineOptions& options, Patience& patience, std::unique_ptr<MessageSchema> schema,
             std::shared_ptr<const Redactor> redactor, Outputs more);
    Outputs make_outputs(const PipelineOptions& options, Patience& patience, Outputs more);
    bool reads_fields(const PipelineOptions& options) const;
    std::size_t threads_for(const PipelineOptions& options) const;
    BodyStore* body_store() const;
    Origin origin() const;

    /// Hands each event to several consumers, in order, and lets the outputs know of the time that passes.
    class EventFanOut final : public EventConsumer {
      public:
        explicit EventFanOut(const Outputs& outputs) : outputs_(outputs) {}
        void add(EventConsumer& consumer) { consumers_.push_back(&consumer); }
        void on_event(const CaptureEvent& event) override;
        /// How many of each kind there were, in the order of CaptureEvent.
        const std::array<std::uint64_t, std::variant_size_v<CaptureEvent>>& counts() const { return counts_; }

      private:
        std::array<std::uint64_t, std::variant_size_v<CaptureEvent>> counts_{};
        const Outputs& outputs_;
        std::vector<EventConsumer*> consumers_;
        std::optional<Timestamp> last_tick_;
    };

    FileRules rules_{sudo_caller()};
    // What writes goes before what it writes to.
    Outputs outputs_;
    std::unique_ptr<MessageSchema> schema_;     ///< may be null
    std::shared_ptr<const Redactor> redactor_;  ///< may be null
    SinkFanOut sinks_;
    RenderQueue rendering_;
    std::size_t threads_ = 1;  ///< that may render
    UndecodedTally undecoded_tls_{sinks_};
    std::unique_ptr<RedactionStage> redaction_;
    CountLimit limit_;
    WhereStage where_;
    ProtocolTally protocols_;
    PeerNames names_;
    NameStage naming_;
    DnsStage dns_;
    ConnectionTable connections_;
    EventFanOut events_{outputs_};
    ConnectionGate gate_;
    std::string filter_text_;
    std::string where_text_;
    bool reads_fields_;
    std::size_t max_memory_;
    std::vector<std::string> output_names_;
    EventSource* source_ = nullptr;
    std::vector<std::string> remarks_;
};

}  // namespace sslsniff
