#include "output/pcapng/pcapng_sink.h"

#include <chrono>
#include <utility>
#include <vector>

namespace sslsniff {
namespace {

using namespace std::chrono_literals;

constexpr Duration kFlushInterval = 100ms;
/// How long, and with how many octets, a connection waits for its addresses.
constexpr Duration kMaxWait = 1s;
constexpr std::size_t kMaxHeld = 64U * 1024;
/// Connections waiting at once; the oldest goes first.
constexpr std::size_t kMaxWaiting = 256;

}  // namespace

PcapngSink::PcapngSink(PcapngOptions options, OutputSequence& output, ProtocolGuess guess,
                       MakeStreamContext make_context)
    : options_(std::move(options)), output_(output) {
    section_.emplace(output_.stream(), options_.host, options_.process_blocks);
    capture_.section = &*section_;
    capture_.carriage = options_.carriage;
    capture_.guess = std::move(guess);
    capture_.make_context = std::move(make_context);
}

PcapngSink::~PcapngSink() = default;

void PcapngSink::on_event(const CaptureEvent& event) {
    if (is_done()) {
        return;
    }
    const Timestamp now = time_of(event);
    release_overdue(now);
    if (output_.is_due(now, section_->size())) {
        rotate(now);
        if (is_done()) {
            return;
        }
    }
    std::visit([this](const auto& e) { on(e); }, event);
    if (!last_flush_) {
        last_flush_ = now;
    } else if (now - *last_flush_ >= kFlushInterval) {
        last_flush_ = now;
        static_cast<void>(output_.stream().flush());  // errors stay, and surface at flush()
    }
}

void PcapngSink::on(const ProcessEvent& event) {
    if (event.kind == ProcessEvent::Kind::exited) {
        processes_.erase(event.process.key);
        return;
    }
    const auto process = std::make_shared<const ProcessInfo>(event.process);
    processes_[event.process.key] = process;
    for (auto& [id, connection] : connections_) {
        if (id.process() == event.process.key) {
            connection.on_process(process);
        }
    }
}

void PcapngSink::on(const OpenEvent& event) {
    ConnectionInfo info = unknown_connection(event.connection, event.time);
    info.carrier = event.carrier;
    info.tls.library = event.library;
    info.midstream = event.midstream;
    connections_.erase(event.connection);
    connections_.try_emplace(event.connection, std::move(info), capture_);
}

void PcapngSink::on(const EndpointsEvent& event) {
    writer(event.connection, event.time).on_endpoints(event);
}

void PcapngSink::on(const TlsEvent& event) {
    writer(event.connection, event.time).on_tls(event);
}

void PcapngSink::on(const DataEvent& event) {
    ConnectionWriter& connection = writer(event.connection, event.time);
    const bool was_waiting = connection.holds();
    connection.on_data(event);
    if (connection.held_bytes() > kMaxHeld) {
        connection.release();
    } else if (connection.holds() && !was_waiting) {
        waiting_.push_back({event.time, event.connection});
    }
}

void PcapngSink::on(const GapEvent& event) {
    ConnectionWriter& connection = writer(event.connection, event.time);
    const bool was_waiting = connection.holds();
    connection.on_gap(event);
    if (connection.holds() && !was_waiting) {
        waiting_.push_back({event.time, event.connection});
    }
}

void PcapngSink::on(const CloseEvent& event) {
    if (const auto found = connections_.find(event.connection); found != connections_.end()) {
        found->second.on_close(event);
        connections_.erase(found);
    }
}

void PcapngSink::on(const LossEvent& event) {
    section_->count_loss(event);
}

Result<void> PcapngSink::flush() {
    if (output_.is_finished()) {
        return {};
    }
    // Between two flushes events had time to tell the addresses.
    while (!waiting_.empty() && waiting_.front().was_flushed &&
           !awaits_protocol(waiting_.front().connection)) {
        release_first();
    }
    for (Waiting& waiting : waiting_) {
        waiting.was_flushed = true;
    }
    if (error_) {
        return std::unexpected(*error_);
    }
    return output_.stream().flush();
}

Result<void> PcapngSink::finish() {
    while (!waiting_.empty()) {
        release_first();
    }
    if (auto flushed = flush(); !flushed || output_.is_finished()) {
        return flushed;
    }
    section_->finish();
    return output_.stream().flush();
}

/// Data of a connection whose opening was lost is as good as any other.
ConnectionWriter& PcapngSink::writer(const ConnectionId& id, Timestamp time) {
    if (const auto found = connections_.find(id); found != connections_.end()) {
        return found->second;
    }
    ConnectionInfo info = unknown_connection(id, time);
    info.midstream = true;
    return connections_.try_emplace(id, std::move(info), capture_).first->second;
}

bool PcapngSink::awaits_protocol(const ConnectionId& id) const {
    const auto found = connections_.find(id);
    return found != connections_.end() && found->second.awaits_protocol();
}

void PcapngSink::release_overdue(Timestamp now) {
    while (!waiting_.empty() && (now - waiting_.front().since > kMaxWait || waiting_.size() > kMaxWaiting)) {
        release_first();
    }
}

void PcapngSink::release_first() {
    if (const auto found = connections_.find(waiting_.front().connection); found != connections_.end()) {
        found->second.release();
    }
    waiting_.pop_front();
}

void PcapngSink::rotate(Timestamp now) {
    section_->finish();
    auto flushed = output_.stream().flush();
    if (flushed) {
        flushed = output_.next(now);
    }
    if (!flushed) {
        error_ = flushed.error();
        return;
    }
    if (!output_.is_finished()) {
        section_.emplace(output_.stream(), options_.host, options_.process_blocks);
        ++capture_.file;
    }
}

ConnectionInfo PcapngSink::unknown_connection(const ConnectionId& id, Timestamp time) {
    auto& process = processes_[id.process()];
    if (!process) {
        ProcessInfo unknown;
        unknown.key = id.process();
        process = std::make_shared<const ProcessInfo>(std::move(unknown));
    }
    ConnectionInfo info;
    info.id = id;
    info.process = process;
    info.opened = time;
    return info;
}

}  // namespace sslsniff
