#pragma once

#include <cstdint>
#include <string>
#include <string_view>

#include "api/sslsniff.h"
#include "model/event.h"
#include "model/transaction.h"

namespace sslsniff::api {

/// What to_string() calls a value of an enumeration: a literal, which ends with a NUL and lives forever.
const char* literal(std::string_view name);

/// Nanoseconds since 1970.
std::int64_t nanoseconds(Timestamp time);

/// Borrows `text`, behind whose end there is a NUL.
sslsniff_text borrow(const std::string& text);

sslsniff_process make_record(const ProcessInfo& process);

/// A connection in terms of C. Borrows what it is made of, and is where it was made: its parts point to each
/// other.
class ConnectionRecordText {
  public:
    ConnectionRecordText(const OpenConnection& connection, std::uint64_t id);
    ConnectionRecordText(const ConnectionRecordText&) = delete;
    ConnectionRecordText& operator=(const ConnectionRecordText&) = delete;
    ~ConnectionRecordText() = default;

    const sslsniff_connection& get() const { return record_; }

  private:
    std::string name_;
    std::string protocol_;
    std::string continues_;
    sslsniff_process process_;
    sslsniff_connection record_{};
};

/// What an event says by itself: all but `connection`, `sequence`, `trace_id` and, where it is about a
/// connection, `process`. Borrows it. `process` is for ProcessEvents.
sslsniff_event make_record(const CaptureEvent& event, Role role, const sslsniff_process* process);
sslsniff_event make_close_record(CloseReason reason, Timestamp time);

/// A transaction in terms of C; as ConnectionRecordText.
class TransactionText {
  public:
    TransactionText(const Transaction& transaction, const sslsniff_connection& connection);
    TransactionText(const TransactionText&) = delete;
    TransactionText& operator=(const TransactionText&) = delete;
    ~TransactionText() = default;

    const sslsniff_transaction& get() const { return record_; }

  private:
    Facts facts_;
    Summary summary_;
    std::string protocol_;
    sslsniff_transaction record_{};
};

sslsniff_connection_end make_record(const ConnectionRecord& record, const sslsniff_connection& connection);

}  // namespace sslsniff::api
