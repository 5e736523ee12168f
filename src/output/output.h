#pragma once

#include <cstdint>
#include <string>
#include <utility>
#include <vector>

#include "base/result.h"
#include "model/body.h"
#include "model/event.h"
#include "model/event_observer.h"
#include "model/time.h"
#include "model/transaction.h"
#include "output/renderer.h"

namespace sslsniff {

/// One way of showing or keeping what a capture sees: text, JSON, a capture file ... It says what it takes,
/// any of events, transactions and the bytes of bodies, and is given that in the order in which it happened:
/// check(), open(), then all of it with ticks and flushes in between, at last finish(). What it is given
/// before open() it keeps. No clock but the time of events.
class Output {
  public:
    Output() = default;
    Output(const Output&) = delete;
    Output& operator=(const Output&) = delete;
    virtual ~Output() = default;

    // What it takes; null: nothing of the kind. Always the same, borrowed from the output.

    virtual EventConsumer* events() { return nullptr; }
    /// Events with what they meant. It gets each behind the transactions that the event completed.
    virtual EventObserver* observer() { return nullptr; }
    /// Also told of connections that open and change.
    virtual TransactionSink* transactions() { return nullptr; }
    /// The same for transactions and connections that any thread may render, in its place; null: it has to
    /// get all of them itself. Connections that open and change must not concern such an output.
    virtual RenderedOutput* rendered() { return nullptr; }
    /// Whether it reads Exchange::write_fields() or write_details() of the transactions that it takes.
    virtual bool reads_fields() const { return true; }
    /// Gets the bytes of bodies as they pass, before the transaction that they belong to. Such an output gets
    /// each transaction before those that take none: they can tell where its bodies are.
    virtual BodyStore* bodies() { return nullptr; }

    /// Whether open() will work, as far as can be told without changing anything. May wait for a reader.
    virtual Result<void> check(Timestamp now) = 0;
    /// Creates what it writes to; `now` is for names. check() came before.
    virtual Result<void> open(Timestamp now) = 0;

    /// It writes files that can be moved away while it does.
    virtual bool can_reopen() const { return false; }
    /// Goes on in a new file where the old one was moved away. After an error it goes on in the old one.
    virtual Result<void> reopen() { return {}; }

    /// The time of events has come to `now`: called about every kTick of it, as long as there are events.
    virtual void tick(Timestamp /*now*/) {}
    static constexpr Duration kTick = std::chrono::milliseconds(100);

    /// Hands on what it has, and says whether the system has taken everything that it was given so far.
    /// False: some is kept back until more is known, and a later call may tell; or nobody reads any more, as
    /// is_done() says, which is no error.
    virtual Result<bool> flush() = 0;
    /// Writes the rest, with what ends the format, and flushes. Nothing may follow.
    virtual Result<void> finish() = 0;
    /// Nothing more is written: nobody reads, what was wanted is complete, or there was an error.
    virtual bool is_done() const = 0;

    /// What it has done and what it still has to do, by names that docs/stats.md explains.
    virtual std::vector<std::pair<std::string, std::uint64_t>> counts() const { return {}; }

    /// What people should know of it and were not told before: a sentence each.
    virtual std::vector<std::string> take_remarks() { return {}; }
};

}  // namespace sslsniff
