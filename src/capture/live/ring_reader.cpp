#include "capture/live/ring_reader.h"

#include <sched.h>
#include <sys/utsname.h>

#include <utility>

#include "capture/kernel/event_convert.h"
#include "capture/live/clocks.h"

namespace sslsniff {

namespace {

constexpr std::size_t kPollBudget = 512U << 10U;  // bytes handed over by one poll
constexpr std::size_t kUrgent = 8;                // part of the ring that may wait

bool asks_for_probes(ByteView record) {
    const auto header = read_fixed<event_header>(record);
    return header && (header->kind == EVENT_TRANSPORT_WANTED || header->kind == EVENT_CALLS_WANTED);
}

}  // namespace

Result<std::unique_ptr<RingReader>> RingReader::open(const RecordSource& records, KernelSide& kernel) {
    auto ring = RecordRing::open(records.ring_fd, records.ring_bytes);
    if (!ring) {
        return std::unexpected(ring.error());
    }
    auto wait_set = WaitSet::open();
    if (!wait_set) {
        return std::unexpected(wait_set.error());
    }
    wait_set->add((*ring)->descriptor());
    return std::unique_ptr<RingReader>(
        new RingReader(records, kernel, *std::move(ring), *std::move(wait_set)));
}

RingReader::RingReader(const RecordSource& records, KernelSide& kernel, std::unique_ptr<RecordRing> ring,
                       WaitSet wait_set)
    : kernel_(kernel),
      ring_(std::move(ring)),
      wait_set_(std::move(wait_set)),
      losses_(kernel),
      monotonic_zero_(find_monotonic_zero()),
      decoder_(monotonic_zero_, kernel) {
    set_stages(records);
}

void RingReader::set_stages(const RecordSource& records) {
    stages_.emplace(kernel_, records.show_tls, records.show_cleartext);
    stages_->use(records.has_cleartext, records.has_ciphertext);
    decoder_.set_leaves_nothing_out(records.show_tls && records.show_cleartext && records.has_cleartext);
}

void RingReader::end_connections(EventConsumer& consumer) {
    decoder_.end_all(clock_now(CLOCK_REALTIME), consumer);
}

void RingReader::begin_again(const RecordSource& records) {
    set_stages(records);
    asked_library_ = 0;
    ended_ = false;
}

void RingReader::wait_for(std::span<const int> descriptors) {
    for (const int descriptor : descriptors) {
        wait_set_.add(descriptor);
    }
}

Origin RingReader::origin() const {
    Origin origin;
    if (utsname system{}; uname(&system) == 0) {
        origin.kernel = static_cast<const char*>(system.release);
    }
    origin.clock_offset = monotonic_zero_.time_since_epoch();
    return origin;
}

void RingReader::take_news() {
    for (KernelNews& news : kernel_.take_news()) {
        if (auto* const library = std::get_if<LibraryNamed>(&news)) {
            decoder_.name_library(library->number, std::move(library->name));
        } else if (const auto* const attached = std::get_if<SocketProbesAttached>(&news)) {
            stages_->on_probes(attached->pid, attached->time);
        }
    }
}

void RingReader::take_record(ByteView record, EventConsumer& first) {
    if (asks_for_probes(record)) {
        kernel_.attach_wanted(record);
        kernel_.catch_up();  // what waits for these probes must not give up while they come
        take_news();
    } else if (const auto library = decoder_.unnamed_library(record); library > asked_library_) {
        asked_library_ = library;  // its probes came a moment ago
        kernel_.catch_up();
        take_news();
    }
    decoder_.decode(record, first);
}

/// Hands over what waits in the ring; true when there was anything.
bool RingReader::take_records(EventConsumer& consumer) {
    take_news();
    const bool took = stages_->run(consumer, [this](EventConsumer& first) {
        return ring_->take(kPollBudget, [&](ByteView record) { take_record(record, first); });
    });
    if (!took) {  // the events do not tell how late it is
        const Timestamp now = clock_now(CLOCK_REALTIME);
        stages_->run(consumer, [&](EventConsumer& first) {
            decoder_.expire(now, first);
            return true;
        });
        stages_->expire(now, consumer);
    }
    return took;
}

/// When records were lost, ends of connections may be among them. Only while no record waits.
void RingReader::reconcile(EventConsumer& consumer) {
    if (losses_.take_reconciliation()) {
        stages_->run(consumer,
                     [this](EventConsumer& first) { decoder_.reconcile(clock_now(CLOCK_REALTIME), first); });
    }
}

/// On a busy CPU the traced programs and their peers wait for us. So others may run after every piece, unless
/// so much is waiting already that the ring could run full in the meantime: giving way costs milliseconds.
void RingReader::give_way() {
    if (ring_->waiting() < ring_->size() / kUrgent) {
        sched_yield();
    }
}

PollStatus RingReader::poll(EventConsumer& consumer, bool stopped) {
    if (ended_) {
        return PollStatus::ended;
    }
    const bool took = take_records(consumer);
    losses_.report(consumer, stopped && !took);
    if (took) {
        give_way();
        return PollStatus::more;
    }
    reconcile(consumer);
    if (stopped) {
        stages_->run(consumer, [this](EventConsumer& first) {
            decoder_.expire(clock_now(CLOCK_REALTIME), first, Duration(0));
            return true;
        });
        stages_->flush(consumer);
        ended_ = true;
        return PollStatus::ended;
    }
    wait_set_.clear();
    return PollStatus::idle;
}

}  // namespace sslsniff
