#include "output/pcapng/pcapng_sink.h"

#include <algorithm>
#include <chrono>
#include <utility>
#include <vector>

namespace sslsniff {
namespace {

using namespace std::chrono_literals;

/// How long, and with how many bytes, a connection waits for its addresses.
constexpr Duration kMaxWait = 1s;
constexpr std::size_t kMaxHeld = 64U * 1024;
/// Connections waiting at once; the oldest goes first.
constexpr std::size_t kMaxWaiting = 256;
/// Connections that were forgotten, of which it is remembered that they were there.
constexpr std::size_t kMaxForgotten = 8192;

}  // namespace

PcapngSink::PcapngSink(OutputStream& out, PcapngOptions options, Dissectors dissectors)
    : options_(std::move(options)), out_(out), latest_(connections_.end()) {
    section_.emplace(out_, options_.host, options_.process_blocks);
    capture_.section = &*section_;
    capture_.encapsulation = options_.encapsulation;
    capture_.dissectors = std::move(dissectors);
}

PcapngSink::~PcapngSink() = default;

void PcapngSink::on_event(const CaptureEvent& event) {
    const Timestamp now = time_of(event);
    latest_time_ = std::max(latest_time_, now);
    release_overdue(now);
    std::visit([this](const auto& e) { on(e); }, event);
    if (latest_ != connections_.end()) {
        measure(latest_->second);
        bound_memory(now);
    }
    if (section_->processes() > options_.max_processes) {
        end_file();  // one section after the other in one file
        begin_file();
    }
}

void PcapngSink::tick(Timestamp /*now*/) {
    static_cast<void>(out_.flush());  // errors stay, and surface at the next one
}

void PcapngSink::on(const ProcessEvent& event) {
    if (event.kind == ProcessEvent::Kind::exited) {
        processes_.erase(event.process.key);
        return;
    }
    const auto process = std::make_shared<const ProcessInfo>(event.process);
    const ProcessKey key = event.process.key;
    processes_[key] = process;
    for (auto at = connections_.lower_bound({key.pid, key.start_time, 0, 0});
         at != connections_.end() && at->first.process() == key; ++at) {
        at->second.writer.on_process(process);
    }
    forget_processes();
}

/// Their exits may have been lost.
void PcapngSink::forget_processes() {
    if (processes_.size() > connections_.size() + options_.max_processes) {
        std::erase_if(processes_, [](const auto& entry) { return entry.second.use_count() == 1; });
    }
}

void PcapngSink::on(const OpenEvent& event) {
    ConnectionInfo info = unknown_connection(event.connection, event.time);
    info.carrier = event.carrier;
    info.tls.library = event.library;
    info.midstream = event.midstream;
    if (const auto known = connections_.find(event.connection); known != connections_.end()) {
        erase(known);  // its close was lost
    }
    create(info);
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
    if (connection.held_bytes() > kMaxHeld) {
        connection.release();
    } else if (connection.holds() && !was_waiting) {
        waiting_.push_back({event.time, event.connection});
    }
}

void PcapngSink::on(const CloseEvent& event) {
    if (const auto found = connections_.find(event.connection); found != connections_.end()) {
        found->second.writer.on_close(event);
        erase(found);
    } else if (forgotten_.contains(event.connection)) {
        resume(event.connection, event.time).on_close(event);
        erase(connections_.find(event.connection));
    }
}

void PcapngSink::on(const LossEvent& event) {
    section_->count_loss(event);
}

bool PcapngSink::release() {
    // Between two calls events had time to tell the addresses.
    while (!waiting_.empty() && waiting_.front().was_flushed &&
           !awaits_protocol(waiting_.front().connection)) {
        release_first();
    }
    for (Waiting& waiting : waiting_) {
        waiting.was_flushed = true;
    }
    return waiting_.empty();
}

void PcapngSink::finish() {
    while (!waiting_.empty()) {
        release_first();
    }
    for (auto& [id, entry] : connections_) {
        entry.writer.finish(latest_time_);
    }
    end_file();
}

void PcapngSink::end_file() {
    for (auto& [id, entry] : connections_) {
        entry.writer.end_file(latest_time_);
    }
    capture_.handovers.flush(*section_, capture_.file);
    section_->finish();
}

void PcapngSink::begin_file() {
    section_.emplace(out_, options_.host, options_.process_blocks);
    ++capture_.file;
}

/// Data of a connection whose opening was lost is as good as any other.
ConnectionWriter& PcapngSink::writer(const ConnectionId& id, Timestamp time) {
    if (latest_ == connections_.end() || latest_->first != id) {
        latest_ = connections_.find(id);
    }
    if (latest_ == connections_.end()) {
        return resume(id, time);
    }
    recency_.splice(recency_.end(), recency_, latest_->second.recency);
    return latest_->second.writer;
}

ConnectionWriter& PcapngSink::resume(const ConnectionId& id, Timestamp time) {
    ConnectionInfo info = unknown_connection(id, time);
    info.midstream = true;
    FormerConnection former;
    if (const auto known = forgotten_.extract(id); !known.empty()) {
        former = known.mapped();
        info.carrier = former.carrier;
    }
    return create(info, former)->second.writer;
}

/// Later events of it must not look like those of a connection that lost all that passed so far.
void PcapngSink::forget(ConnectionWriter& writer, Timestamp time) {
    const ConnectionId id = writer.id();
    forgotten_.insert_or_assign(id, writer.abandon(time));
    forgotten_order_.push_back(id);
    while (forgotten_order_.size() > kMaxForgotten) {
        forgotten_.erase(forgotten_order_.front());
        forgotten_order_.pop_front();
    }
    erase(connections_.find(id));
}

PcapngSink::Connections::iterator PcapngSink::create(const ConnectionInfo& info,
                                                     const FormerConnection& former) {
    const ConnectionId id = info.id;
    latest_ = connections_.try_emplace(id, info, capture_, former).first;
    Entry& entry = latest_->second;
    entry.recency = recency_.insert(recency_.end(), &entry);
    return latest_;
}

void PcapngSink::erase(Connections::iterator entry) {
    held_ -= entry->second.held;
    recency_.erase(entry->second.recency);
    connections_.erase(entry);
    latest_ = connections_.end();
}

void PcapngSink::measure(Entry& entry) {
    constexpr std::size_t kNodes = 112;      // of the map and the list, beside the entry itself
    constexpr std::size_t kAddresses = 480;  // what the address book has of it
    held_ -= entry.held;
    entry.held = sizeof(Entry) + kNodes + kAddresses + entry.writer.held();
    held_ += entry.held;
}

/// First goes what a later file would begin with, then whole connections. An eighth at once: looking for it
/// costs time by the number of connections.
void PcapngSink::bound_memory(Timestamp time) {
    if (held_ <= options_.max_memory) {
        return;
    }
    const std::size_t goal = options_.max_memory / 8 * 7;
    for (auto at = recency_.begin(); at != recency_.end() && held_ > goal; ++at) {
        if ((*at)->writer.has_context()) {
            (*at)->writer.forget_context();
            measure(**at);
        }
    }
    while (held_ > goal && !connections_.empty()) {
        forget(recency_.front()->writer, time);
    }
}

bool PcapngSink::awaits_protocol(const ConnectionId& id) const {
    const auto found = connections_.find(id);
    return found != connections_.end() && found->second.writer.awaits_protocol();
}

void PcapngSink::release_overdue(Timestamp now) {
    while (!waiting_.empty() && (now - waiting_.front().since > kMaxWait || waiting_.size() > kMaxWaiting)) {
        release_first();
    }
}

void PcapngSink::release_first() {
    if (const auto found = connections_.find(waiting_.front().connection); found != connections_.end()) {
        found->second.writer.release();
        measure(found->second);
    }
    waiting_.pop_front();
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
