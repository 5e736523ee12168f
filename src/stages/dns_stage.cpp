#include "stages/dns_stage.h"

#include <algorithm>
#include <chrono>
#include <utility>

#include "base/text.h"
#include "protocols/dns/over_https.h"

namespace sslsniff {
namespace {

// A retry follows at once; later it is another query.
constexpr Duration kRetryWithin = std::chrono::seconds(5);
constexpr std::size_t kMaxTruncated = 256;

}  // namespace

void DnsStage::on_transaction(const Transaction& transaction) {
    if (const auto* exchange = dynamic_cast<const dns::DnsExchange*>(transaction.exchange.get())) {
        // Nobody else has it yet: the connection has handed it over, and this stage is the first one.
        link(transaction, const_cast<dns::DnsExchange&>(*exchange));
    }
    auto carried = dns::dns_over_https(*transaction.exchange);
    next().on_transaction(transaction);
    if (carried) {
        next().on_transaction(
            {transaction.connection, transaction.timing, transaction.integrity, std::move(carried)});
    }
}

void DnsStage::link(const Transaction& transaction, dns::DnsExchange& exchange) {
    if (!exchange.query || exchange.query->questions.empty()) {
        return;
    }
    const dns::Question& question = exchange.query->questions.front();
    const ProcessKey process = transaction.connection.id.process();
    const std::string name = to_lower(question.name);
    const Timestamp start = transaction.timing.start;
    const IpAddress& remote = transaction.connection.endpoints.remote.address;
    const bool is_server = transaction.connection.role == Role::server;
    if (transaction.connection.endpoints.transport != Transport::udp) {
        const auto found = std::ranges::find_if(truncated_, [&](const Truncated& earlier) {
            // A server may have a process for each TCP connection; its client has one address.
            const bool same_asker = earlier.process == process || (is_server && earlier.client == remote);
            return same_asker && earlier.type == question.type && earlier.name == name &&
                   start >= earlier.time && start - earlier.time <= kRetryWithin;
        });
        exchange.retried_over_tcp = found != truncated_.end();
    } else if (exchange.response && exchange.response->truncated) {
        truncated_.push_back({process, is_server ? remote : IpAddress{}, name, question.type, start});
        if (truncated_.size() > kMaxTruncated) {
            truncated_.pop_front();
        }
    }
}

}  // namespace sslsniff
