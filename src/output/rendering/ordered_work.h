#pragma once

#include <condition_variable>
#include <cstddef>
#include <deque>
#include <functional>
#include <memory>
#include <mutex>
#include <thread>
#include <vector>

namespace sslsniff {

/// Work for several threads, whose results are taken in the order in which it came. The owner, the thread
/// that adds jobs, takes part when as many wait as may: so nothing is ever dropped, and without other threads
/// the owner does all of it.
class OrderedWork {
  public:
    class Job {
      public:
        Job() = default;
        Job(const Job&) = delete;
        Job& operator=(const Job&) = delete;
        virtual ~Job() = default;
        /// In any thread; 0 is the owner, others count from 1. No two jobs run in one thread at a time.
        virtual void run(std::size_t thread) noexcept = 0;
        /// Bytes of memory that it needs: before run(), and after it.
        virtual std::size_t held() const = 0;
    };
    /// What waits, is worked on or waits for its turn. One job may always be there, whatever it holds.
    struct Limits {
        std::size_t jobs = 32;
        std::size_t bytes = std::size_t{16} << 20U;
    };
    /// Takes jobs that have run, in order, in the owner's thread. What it throws leaves add() or drain(); the
    /// job is gone then, those behind it are not.
    using Taker = std::function<void(std::unique_ptr<Job>)>;

    OrderedWork(Limits limits, Taker taker) : limits_(limits), taker_(std::move(taker)) {}
    /// Waits for jobs that run; those that wait are dropped.
    ~OrderedWork();
    OrderedWork(const OrderedWork&) = delete;
    OrderedWork& operator=(const OrderedWork&) = delete;

    /// Adds threads, and says how many: fewer where the system has no more. They take no signals.
    std::size_t start(std::size_t threads);

    void add(std::unique_ptr<Job> job);
    /// Returns when all that was added has been taken.
    void drain();
    bool is_empty() const;
    std::size_t held() const;

  private:
    struct Entry {
        std::unique_ptr<Job> job;
        std::size_t held = 0;
        bool done = false;
    };

    void work(const std::stop_token& stop, std::size_t thread);
    /// Whether a thread should begin with another one, as far as the results that nobody took allow.
    bool may_claim() const { return claimed_ < entries_.size() && finished_bytes_ <= limits_.bytes; }
    void run_next(std::unique_lock<std::mutex>& lock, std::size_t thread);
    /// Hands on what is done and has its turn.
    void take_done(std::unique_lock<std::mutex>& lock);
    /// Does something that brings the end nearer, or waits for it.
    void help(std::unique_lock<std::mutex>& lock);
    bool is_full() const {
        return entries_.size() >= limits_.jobs || (entries_.size() > 1 && bytes_ > limits_.bytes);
    }

    const Limits limits_;
    Taker taker_;
    mutable std::mutex mutex_;
    // Guarded by it: references to entries stay valid as others come and go at the ends.
    std::deque<Entry> entries_;
    std::size_t claimed_ = 0;         ///< of the entries, from the front: some thread has begun with them
    std::size_t bytes_ = 0;           ///< held by all entries
    std::size_t finished_bytes_ = 0;  ///< of these, by those that are done
    std::size_t idle_ = 0;            ///< threads that wait for work
    std::condition_variable_any wanted_;
    std::condition_variable front_done_;
    std::vector<std::jthread> threads_;  ///< last: they end before the rest
};

}  // namespace sslsniff
