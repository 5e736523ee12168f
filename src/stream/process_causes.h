#pragma once

#include <cstddef>
#include <cstdint>
#include <map>
#include <optional>
#include <unordered_map>

#include "model/transaction.h"
#include "stream/request_ids.h"

namespace sslsniff {

/// What one process was asked and has not answered yet, and by which of its threads that was read: tells
/// which request caused a call that the process made itself. Says nothing rather than something wrong;
/// docs/causes.md has the reasons of each rule. Bounded; each call takes constant or logarithmic time.
class ProcessCauses {
  public:
    static constexpr std::size_t kMostRequests = 4096;  ///< in progress
    static constexpr std::size_t kMostThreads = 4096;
    static constexpr std::size_t kHeldForEach = 512;  ///< bytes of memory for a request, with its ids, about

    /// A request that came.
    struct Incoming {
        TransactionId id;
        std::uint32_t tid = 0;  ///< of the thread that read it; 0: not known
        bool waits = false;     ///< in a call for which it waited
        Timestamp known;        ///< when enough of it had come to act on it
        TraceIds ids{};
    };
    /// A request that the process sent.
    struct Outgoing {
        std::uint32_t tid = 0;  ///< of the thread that wrote it; 0: not known
        Timestamp start;
        TraceIds ids{};
    };

    /// All that it was ever asked is seen (ProcessEvent::whole).
    void set_whole(bool whole) { sees_all_ = whole && !has_missed_some_; }
    /// It is asked for things that nobody recognises as requests, or may be working on one that is over for
    /// us.
    void see_all_no_more();
    /// It has one connection more, or less, that may hold requests that nobody shows yet.
    void add_silent(int number) { silent_ += number; }
    /// Events were lost until `time`.
    void on_loss(Timestamp time);

    /// A connection that may carry requests to the process brought bytes.
    void on_received(const ConnectionId& connection, std::uint32_t tid, Timestamp time);
    void begin(Incoming request);
    /// That thread reads requests that another one answers.
    void hand_over(std::uint32_t tid);
    /// Bytes of that connection are missing: what is in progress there may be something else.
    void doubt(const ConnectionId& connection);
    /// The answer is over, though the request goes on.
    void end_answer(const TransactionId& request);
    /// The request is over.
    void end(const TransactionId& request, Timestamp time);
    /// All of that connection are over.
    void forget(const ConnectionId& connection, Timestamp time);

    /// The request that caused a call which is over now, or at least no longer begins.
    std::optional<Cause> find(const Outgoing& call);
    /// Whether find() looks at the ids of calls.
    bool wants_ids() const { return !ids_.empty(); }

  private:
    struct Request {
        Incoming what;
        bool is_doubtful = false;
    };
    using Requests = std::map<TransactionId, Request>;

    /// Who is asking: the connection that brought bytes last, and since when no other one did.
    struct Asker {
        ConnectionId connection;
        Timestamp since;
        void see(const ConnectionId& asking, Timestamp time);
        bool is_alone(const Request& request) const;
    };
    struct Thread {
        Asker asker;
        std::optional<TransactionId> request;  ///< in progress, that it read
        bool multiplexes = false;              ///< it had several in progress at once
        bool hands_over = false;
    };

    Thread* thread(std::uint32_t tid);
    void forget_threads();
    void note_own_call(Timestamp start);
    void end(Requests::iterator request, Timestamp time);
    const Request* request_of(const Outgoing& call) const;
    std::optional<CauseConfidence> confidence(const Outgoing& call, const Request& request) const;

    Requests requests_;  ///< in progress
    RequestIds ids_;
    std::unordered_map<std::uint32_t, Thread> threads_;
    Asker asker_;             ///< of the whole process
    Timestamp idle_from_{};   ///< when there was no request in progress, the last time or now
    Timestamp idle_to_{};     ///< until then, if there is one now
    Timestamp lost_until_{};  ///< events were lost
    int silent_ = 0;
    bool sees_all_ = false;
    bool has_missed_some_ = false;
    bool acts_alone_ = false;  ///< it makes calls while no request is in progress
    bool is_crowded_ = false;  ///< there were more threads or requests than are kept
};

}  // namespace sslsniff
