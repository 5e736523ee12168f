#pragma once

#include <optional>
#include <string>
#include <vector>

#include "model/exchange.h"
#include "model/transaction.h"

namespace sslsniff::test {

/// The fields of an exchange on one line: request{method="GET" headers[{name="Host" value="x"}]}.
std::string render_fields(const Exchange& exchange);

/// -v and -vv output: one line each.
std::string render_details(const Exchange& exchange);

/// Protocol, summary and integrity:
///   http/1.1 GET https://example.com/ -> 200 OK (0/5)
///   http/1.1 GET https://example.com/ ->  (0/0) incomplete: no response
///   ... incomplete: gap in response body, missing 7, midstream
std::string render_summary(const Transaction& transaction);

/// Operation, target, outcome with the error's type, and sizes: "GET https://a/ client_error 404 0/5"; "-"
/// for what is not known.
std::string render_facts(const Exchange& exchange);

/// What a sink was told, as text and as data.
struct Recording {
    std::vector<std::string> lines;    ///< render_summary of each transaction
    std::vector<std::string> fields;   ///< render_fields of each
    std::vector<std::string> details;  ///< render_details of each
    std::vector<std::string> facts;    ///< render_facts of each
    std::vector<Timing> timings;
    std::vector<Integrity> integrities;
    std::vector<Role> roles;
    struct Connection {
        ConnectionInfo info;
        CloseReason reason = CloseReason::freed;
        std::string protocol;
        std::uint64_t transactions = 0;
        StreamTotals sent;
        StreamTotals received;
    };
    std::vector<Connection> connections;
    std::vector<std::string> life;  ///< of connections: "open", "change h2", "withdraw", "close"
    std::vector<LossEvent> losses;
    std::optional<CaptureSummary> summary;
};

class RecordingSink final : public TransactionSink, public Recording {
  public:
    void on_open(const OpenConnection& /*connection*/) override { life.emplace_back("open"); }
    void on_change(const OpenConnection& connection) override;
    void on_withdraw(const ConnectionInfo& /*connection*/) override { life.emplace_back("withdraw"); }
    void on_transaction(const Transaction& transaction) override;
    void on_connection(const ConnectionRecord& record) override;
    void on_loss(const LossEvent& loss) override { losses.push_back(loss); }
    void on_summary(const CaptureSummary& totals) override { summary = totals; }
};

}  // namespace sslsniff::test
