#include "stages/protocol_tally.h"

namespace sslsniff {

ProtocolTally::Counts& ProtocolTally::of(std::string_view protocol) {
    const auto found = protocols_.find(protocol);
    return found != protocols_.end() ? found->second : protocols_[std::string(protocol)];
}

void ProtocolTally::on_transaction(const Transaction& transaction) {
    Counts& counts = of(transaction.exchange->protocol());
    ++counts.transactions;
    counts.incomplete += transaction.integrity.complete ? 0 : 1;
    next().on_transaction(transaction);
}

void ProtocolTally::on_connection(const ConnectionRecord& record) {
    ++of(record.protocol.empty() ? "unknown" : record.protocol).connections;
    next().on_connection(record);
}

}  // namespace sslsniff
