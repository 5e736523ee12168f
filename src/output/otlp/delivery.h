#pragma once

#include <chrono>
#include <cstdint>
#include <optional>
#include <random>
#include <string>

#include "output/otlp/collector.h"
#include "output/otlp/request_queue.h"

namespace sslsniff {

/// What became of what was to be sent, in spans and points.
struct DeliveryCounts {
    std::uint64_t delivered = 0;  ///< taken by the collector
    std::uint64_t rejected = 0;   ///< refused by it, or a part of what it took (partial success)
    std::uint64_t dropped = 0;    ///< never sent: too much waited, or the spool's file was damaged
    std::uint64_t waiting = 0;
    std::uint64_t lost() const { return rejected + dropped; }
};

/// Sends requests to a collector, one after the other, and again as long as it does not take them: after a
/// second, and then twice as long each time up to a minute, or when the collector says (Retry-After).
class Delivery {
  public:
    using Clock = std::chrono::steady_clock;

    /// Borrows both. `seed`: of how much the pauses differ, so that many hosts do not come at once.
    Delivery(Collector& collector, RequestQueue& queue, std::uint64_t seed)
        : collector_(collector), queue_(queue), random_(seed) {}

    /// Queues it, or counts it as dropped.
    void add(RequestQueue::Request request);
    /// Goes on as far as that is possible now.
    void progress(Clock::time_point now);
    /// The next attempt is due now, not later.
    void hurry() { next_attempt_ = {}; }

    DeliveryCounts counts() const;
    /// What is wrong now, printable; told once until it changes. Empty: nothing new.
    std::string take_remark();
    /// What was wrong last, told or not.
    const std::string& last_remark() const { return last_remark_; }

  private:
    void settle(const Answer& answer);
    void put_off(const Answer& answer);
    void remark(const std::string& text);

    Collector& collector_;
    RequestQueue& queue_;
    std::minstd_rand random_;
    DeliveryCounts counts_;
    bool is_sending_ = false;
    Clock::time_point now_;
    Clock::time_point next_attempt_;
    std::chrono::milliseconds pause_{0};  ///< before the last attempt; 0: that one was taken
    Clock::time_point remarked_at_;
    std::string last_remark_;
    std::string remark_;
};

}  // namespace sslsniff
