#pragma once

#include <array>
#include <compare>
#include <cstdint>
#include <map>
#include <string>

#include "model/connection.h"
#include "model/transaction.h"

namespace sslsniff {

/// Times in seconds, as many in each bucket as took at most so long: from those that OpenTelemetry's semantic
/// conventions (1.44) advise for HTTP and for databases.
struct DurationHistogram {
    static constexpr std::array<double, 16> kBounds{0.001, 0.005, 0.01, 0.025, 0.05, 0.075, 0.1, 0.25,
                                                    0.5,   0.75,  1,    2.5,   5,    7.5,   10,  30};
    std::array<std::uint64_t, kBounds.size()> buckets{};  ///< not cumulative; what took longer is in none
    std::uint64_t count = 0;
    double sum = 0;
    void observe(double seconds);
};

/// Counts what it is shown, for Prometheus. Bounded, whatever processes call themselves: once there are
/// kMostSeries different sets of labels, other processes are "other".
class MetricsSink final : public TransactionSink {
  public:
    static constexpr std::size_t kMostSeries = 1000;

    struct Labels {
        std::string protocol;  ///< as Exchange::protocol()
        std::string process;   ///< its name; hostile bytes
        Role role = Role::unknown;
        Outcome outcome = Outcome::ok;
        auto operator<=>(const Labels&) const = default;
    };
    struct Series {
        std::uint64_t transactions = 0;
        std::uint64_t incomplete = 0;      ///< of these, something is missing
        std::uint64_t request_bytes = 0;   ///< payload towards the server
        std::uint64_t response_bytes = 0;  ///< payload towards the client
        DurationHistogram duration;        ///< of those whose end was seen
    };
    struct ConnectionLabels {
        std::string protocol;  ///< empty: unknown
        Carrier carrier = Carrier::tls;
        CloseReason reason = CloseReason::freed;
        auto operator<=>(const ConnectionLabels&) const = default;
    };
    struct ConnectionSeries {
        std::uint64_t closed = 0;
        std::uint64_t sent = 0;  ///< bytes
        std::uint64_t received = 0;
        std::uint64_t missing = 0;
    };
    struct Loss {
        std::uint64_t events = 0;
        std::uint64_t bytes = 0;
    };

    const std::map<Labels, Series>& series() const { return series_; }
    const std::map<ConnectionLabels, ConnectionSeries>& connections() const { return connections_; }
    const std::map<LossCause, Loss>& losses() const { return losses_; }
    std::uint64_t open_connections() const { return open_; }
    /// Transactions of processes that are called "other".
    std::uint64_t unnamed() const { return unnamed_; }

    void on_open(const OpenConnection& connection) override;
    void on_withdraw(const ConnectionInfo& connection) override;
    void on_transaction(const Transaction& transaction) override;
    void on_connection(const ConnectionRecord& record) override;
    void on_loss(const LossEvent& loss) override;
    void on_summary(const CaptureSummary& /*summary*/) override {}

  private:
    Series& series_of(Labels labels);

    std::map<Labels, Series> series_;
    std::map<ConnectionLabels, ConnectionSeries> connections_;
    std::map<LossCause, Loss> losses_;
    std::uint64_t open_ = 0;
    std::uint64_t unnamed_ = 0;
};

}  // namespace sslsniff
