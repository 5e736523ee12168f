#pragma once

#include <cstddef>
#include <deque>
#include <list>
#include <map>
#include <memory>
#include <optional>

#include "base/output_stream.h"
#include "model/event.h"
#include "output/file_output.h"
#include "output/pcapng/connection_writer.h"
#include "output/pcapng/section.h"

namespace sslsniff {

struct PcapngOptions {
    EncapsulationOptions encapsulation;
    PcapngHost host;
    bool process_blocks = true;
    /// Bytes of memory for what is known of open connections, about; beyond, those idle longest are
    /// forgotten.
    std::size_t max_memory = std::size_t{64} * 1024 * 1024;
    std::size_t max_processes = 65'536;  ///< remembered without a connection, and in one section
};

/// Writes captured plaintext as packets that Wireshark dissects without any setting; docs/pcapng.md describes
/// the file. Every connection is given a synthetic TCP connection with, by default, TLS records of the NULL
/// cipher. What it holds is bounded: a connection that was forgotten begins again with its next bytes.
class PcapngSink final : public EventFormat {
  public:
    /// Borrows `out`, and what `dissectors` point to.
    PcapngSink(OutputStream& out, PcapngOptions options, Dissectors dissectors);
    ~PcapngSink() override;

    void on_event(const CaptureEvent& event) override;
    /// Flushes: readers see packets while they are fresh, also when a file is read fast.
    void tick(Timestamp now) override;

    /// Writes what has waited for its addresses since the last call.
    bool release() override;
    /// Writes all that waits, and ends the section with statistics.
    void finish() override;

    /// Ends the section with statistics.
    void end_file() override;
    /// Begins a section; the connections that are open appear in it again.
    void begin_file() override;

    /// Bytes of memory for what is known of open connections, about.
    std::size_t held() const { return held_; }

  private:
    struct Entry {
        Entry(ConnectionInfo info, PcapngCapture& capture, const FormerConnection& former)
            : writer(std::move(info), capture, former) {}
        ConnectionWriter writer;
        std::list<Entry*>::iterator recency;
        std::size_t held = 0;  ///< bytes of memory, when it was last measured
    };
    using Connections = std::map<ConnectionId, Entry>;  // those of a process are neighbours

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
    Connections::iterator create(const ConnectionInfo& info, const FormerConnection& former = {});
    ConnectionWriter& resume(const ConnectionId& id, Timestamp time);
    void forget(ConnectionWriter& writer, Timestamp time);
    void erase(Connections::iterator entry);
    void measure(Entry& entry);
    void bound_memory(Timestamp time);
    void forget_processes();
    bool awaits_protocol(const ConnectionId& id) const;
    void release_overdue(Timestamp now);
    void release_first();
    ConnectionInfo unknown_connection(const ConnectionId& id, Timestamp time);

    PcapngOptions options_;
    OutputStream& out_;
    std::optional<Section> section_;
    PcapngCapture capture_;
    std::map<ProcessKey, std::shared_ptr<const ProcessInfo>> processes_;
    Connections connections_;
    std::map<ConnectionId, FormerConnection> forgotten_;
    std::deque<ConnectionId> forgotten_order_;  ///< oldest first; it may be gone
    std::list<Entry*> recency_;                 ///< longest idle first
    Connections::iterator latest_;              ///< of the last event, or end
    std::size_t held_ = 0;                      ///< sum of Entry::held
    std::deque<Waiting> waiting_;
    Timestamp latest_time_;
};

}  // namespace sslsniff
