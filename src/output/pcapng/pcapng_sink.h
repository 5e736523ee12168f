#pragma once

#include <deque>
#include <map>
#include <memory>
#include <optional>

#include "base/result.h"
#include "model/event.h"
#include "output/pcapng/connection_writer.h"
#include "output/pcapng/output_sequence.h"
#include "output/pcapng/section.h"

namespace sslsniff {

struct PcapngOptions {
    CarriageOptions carriage;
    PcapngHost host;
    bool process_blocks = true;
};

/// Writes captured plaintext as packets that Wireshark dissects without any setting; docs/pcapng.md describes
/// the file. Every connection is given a synthetic TCP connection with, by default, TLS records of the NULL
/// cipher.
class PcapngSink final : public EventConsumer {
  public:
    /// Borrows `output`, which has a stream open. `guess` and `make_context` may be empty.
    PcapngSink(PcapngOptions options, OutputSequence& output, ProtocolGuess guess,
               MakeStreamContext make_context);
    ~PcapngSink() override;

    /// Writes, and flushes at least every 100 ms of event time.
    void on_event(const CaptureEvent& event) override;

    /// For quiet times, called now and then: writes also what has waited for its addresses since the last
    /// call.
    Result<void> flush();
    /// Ends the section with statistics; nothing may follow.
    Result<void> finish();
    /// Nothing more will be written.
    bool is_done() const { return error_.has_value() || output_.is_finished(); }

  private:
    struct Waiting {
        Timestamp since;
        ConnectionId connection;
        bool was_flushed = false;  ///< it waited when flush() was called last
    };

    void on(const ProcessEvent& event);
    void on(const OpenEvent& event);
    void on(const EndpointsEvent& event);
    void on(const TlsEvent& event);
    void on(const DataEvent& event);
    void on(const GapEvent& event);
    void on(const CloseEvent& event);
    void on(const LossEvent& event);

    ConnectionWriter& writer(const ConnectionId& id, Timestamp time);
    bool awaits_protocol(const ConnectionId& id) const;
    void release_overdue(Timestamp now);
    void release_first();
    void rotate(Timestamp now);
    ConnectionInfo unknown_connection(const ConnectionId& id, Timestamp time);

    PcapngOptions options_;
    OutputSequence& output_;
    std::optional<Section> section_;
    PcapngCapture capture_;
    std::map<ProcessKey, std::shared_ptr<const ProcessInfo>> processes_;
    std::map<ConnectionId, ConnectionWriter> connections_;
    std::deque<Waiting> waiting_;
    std::optional<Timestamp> last_flush_;
    std::optional<Error> error_;
};

}  // namespace sslsniff
