#pragma once

#include "model/event.h"
#include "model/time.h"
#include "model/transaction.h"

namespace sslsniff {

/// Is told of every event once it was understood, with what is known by then of the connection that it is
/// about: before any filter of transactions, and after the transactions that it completed.
class EventObserver {
  public:
    EventObserver() = default;
    EventObserver(const EventObserver&) = delete;
    EventObserver& operator=(const EventObserver&) = delete;
    virtual ~EventObserver() = default;

    /// Not of a CloseEvent. `connection` is null for what is about none: processes and losses.
    virtual void on_understood(const CaptureEvent& event, const OpenConnection* connection) = 0;

    /// Once for every connection that was told of, whatever ended it: also the end of its process or of the
    /// capture, which no event reports, and that it turned out to be none (TransactionSink::on_withdraw).
    virtual void on_ended(const OpenConnection& connection, CloseReason reason, Timestamp time) = 0;
};

}  // namespace sslsniff
