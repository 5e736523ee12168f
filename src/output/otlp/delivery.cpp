#include "output/otlp/delivery.h"

#include <algorithm>
#include <utility>

namespace sslsniff {
namespace {

using std::chrono::milliseconds;

constexpr milliseconds kFirstPause{1000};
constexpr milliseconds kLongestPause{60'000};
/// A collector that asks for more does not decide when we give up.
constexpr std::chrono::seconds kLongestAsked{3600};

/// What comes and goes is told again after so long.
constexpr std::chrono::seconds kQuiet{60};

std::string_view path_of(SpoolKind kind) {
    return kind == SpoolKind::traces ? "/v1/traces" : "/v1/metrics";
}

}  // namespace

void Delivery::add(RequestQueue::Request request) {
    const std::uint64_t items = request.items;
    if (!queue_.push(std::move(request))) {
        counts_.dropped += items;
        remark("too much waits for the collector");
    }
}

void Delivery::progress(Clock::time_point now) {
    now_ = now;
    // Several may be taken at once; a busy capture must not wait for all of them.
    constexpr int kMostSteps = 8;
    for (int step = 0; step < kMostSteps; ++step) {
        if (is_sending_) {
            const auto answer = collector_.poll();
            if (!answer) {
                return;
            }
            is_sending_ = false;
            settle(*answer);
        }
        if (queue_.is_empty() || now < next_attempt_) {
            return;
        }
        if (auto request = queue_.front()) {
            collector_.post(path_of(request->kind), std::move(request->body));
            is_sending_ = true;
        } else {
            counts_.dropped += queue_.front_items();
            queue_.pop();
            remark("a file of the spool is damaged or gone");
        }
    }
}

void Delivery::settle(const Answer& answer) {
    const Verdict verdict = judge(answer);
    if (verdict.kind == Verdict::Kind::again) {
        put_off(answer);
    } else {
        const std::uint64_t items = queue_.front_items();
        const std::uint64_t rejected =
            verdict.kind == Verdict::Kind::refused ? items : std::min(verdict.rejected, items);
        counts_.rejected += rejected;
        counts_.delivered += items - rejected;
        queue_.pop();
        pause_ = {};
        next_attempt_ = {};
    }
    if (!verdict.remark.empty()) {
        remark(verdict.remark);
    } else if (now_ - remarked_at_ > kQuiet) {
        last_remark_.clear();  // all is well again
    }
}

void Delivery::put_off(const Answer& answer) {
    pause_ = pause_ == milliseconds(0) ? kFirstPause : std::min(2 * pause_, kLongestPause);
    if (answer.retry_after) {
        next_attempt_ = now_ + std::min(*answer.retry_after, kLongestAsked);
        return;
    }
    // Between three quarters of it and all of it.
    std::uniform_int_distribution<milliseconds::rep> part(pause_.count() * 3 / 4, pause_.count());
    next_attempt_ = now_ + milliseconds(part(random_));
}

void Delivery::remark(const std::string& text) {
    if (text != last_remark_) {
        remarked_at_ = now_;
        last_remark_ = text;
        remark_ = text;
    }
}

DeliveryCounts Delivery::counts() const {
    DeliveryCounts counts = counts_;
    counts.waiting = queue_.items();
    return counts;
}

std::string Delivery::take_remark() {
    const std::string of_spool = queue_.take_remark();
    return of_spool.empty() ? std::exchange(remark_, {}) : of_spool;
}

}  // namespace sslsniff
