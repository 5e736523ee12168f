#include "output/rendering/ordered_work.h"

#include <pthread.h>

#include <csignal>
#include <system_error>
#include <utility>

namespace sslsniff {
namespace {

/// While it exists threads begin with all signals blocked: they are for the owner.
class NoSignals {
  public:
    NoSignals() {
        sigset_t all;
        sigfillset(&all);
        ::pthread_sigmask(SIG_SETMASK, &all, &before_);
    }
    ~NoSignals() { ::pthread_sigmask(SIG_SETMASK, &before_, nullptr); }
    NoSignals(const NoSignals&) = delete;
    NoSignals& operator=(const NoSignals&) = delete;

  private:
    sigset_t before_{};
};

}  // namespace

OrderedWork::~OrderedWork() {
    for (auto& thread : threads_) {
        thread.request_stop();
    }
    threads_.clear();
}

std::size_t OrderedWork::start(std::size_t threads) {
    const NoSignals no_signals;
    try {
        for (std::size_t i = 0; i < threads; ++i) {
            threads_.emplace_back(
                [this, thread = threads_.size() + 1](const std::stop_token& stop) { work(stop, thread); });
        }
    } catch (const std::system_error&) {
        return threads_.size();  // the owner and those that came to be do the work
    }
    return threads_.size();
}

void OrderedWork::work(const std::stop_token& stop, std::size_t thread) {
    std::unique_lock lock(mutex_);
    while (true) {
        ++idle_;
        const bool any = wanted_.wait(lock, stop, [this] { return may_claim(); });
        --idle_;
        if (!any || stop.stop_requested()) {
            return;
        }
        run_next(lock, thread);
    }
}

void OrderedWork::run_next(std::unique_lock<std::mutex>& lock, std::size_t thread) {
    Entry& entry = entries_[claimed_++];
    lock.unlock();
    entry.job->run(thread);
    const std::size_t held = entry.job->held();
    lock.lock();
    bytes_ += held - entry.held;
    finished_bytes_ += held;
    entry.held = held;
    entry.done = true;
    if (&entry == &entries_.front() && thread != 0) {
        front_done_.notify_one();
    }
}

void OrderedWork::add(std::unique_ptr<Job> job) {
    std::unique_lock lock(mutex_);
    const std::size_t held = job->held();
    bytes_ += held;
    entries_.push_back({std::move(job), held, false});
    if (idle_ != 0) {
        wanted_.notify_one();
    }
    take_done(lock);
    while (is_full()) {
        help(lock);
        take_done(lock);
    }
}

void OrderedWork::drain() {
    std::unique_lock lock(mutex_);
    take_done(lock);
    while (!entries_.empty()) {
        help(lock);
        take_done(lock);
    }
}

void OrderedWork::help(std::unique_lock<std::mutex>& lock) {
    // The first one is always worth it: everything waits for that.
    if (claimed_ == 0 || may_claim()) {
        run_next(lock, 0);
    } else {
        front_done_.wait(lock, [this] { return entries_.front().done; });
    }
}

void OrderedWork::take_done(std::unique_lock<std::mutex>& lock) {
    while (!entries_.empty() && entries_.front().done) {
        std::unique_ptr<Job> job = std::move(entries_.front().job);
        bytes_ -= entries_.front().held;
        const bool was_over = finished_bytes_ > limits_.bytes;
        finished_bytes_ -= entries_.front().held;
        entries_.pop_front();
        --claimed_;
        if (was_over && idle_ != 0 && may_claim()) {
            wanted_.notify_all();
        }
        lock.unlock();
        taker_(std::move(job));
        lock.lock();
    }
}

bool OrderedWork::is_empty() const {
    const std::lock_guard lock(mutex_);
    return entries_.empty();
}

std::size_t OrderedWork::held() const {
    const std::lock_guard lock(mutex_);
    return bytes_;
}

}  // namespace sslsniff
