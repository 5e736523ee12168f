#include "stages/name_stage.h"

#include "protocols/dns/exchange.h"
#include "protocols/dns/registry_names.h"

namespace sslsniff {

/// The name that was asked for counts, not the one at the end of its CNAMEs: it is the one the process knows.
void NameStage::on_transaction(const Transaction& transaction) {
    const auto* exchange = dynamic_cast<const dns::DnsExchange*>(transaction.exchange.get());
    const bool asked = transaction.connection.role != Role::server;
    if (exchange != nullptr && asked && exchange->response && !exchange->response->questions.empty()) {
        const std::string& name = exchange->response->questions.front().name;
        for (const dns::Record& record : exchange->response->answers) {
            if (record.type != dns::kA && record.type != dns::kAaaa) {
                continue;
            }
            if (const auto address = parse_ip(record.data)) {
                names_.learn(transaction.connection.id.process(), *address, 0, name);
            }
        }
    }
    next().on_transaction(transaction);
}

}  // namespace sslsniff
