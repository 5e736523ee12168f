#include "model/transaction.h"

#include <fmt/format.h>

namespace sslsniff {

std::string_view to_string(CauseConfidence confidence) {
    switch (confidence) {
        case CauseConfidence::thread:
            return "thread";
        case CauseConfidence::sole:
            return "sole";
        case CauseConfidence::traceparent:
            return "traceparent";
        case CauseConfidence::header:
            return "header";
    }
    return "?";
}

std::string transaction_name(const TransactionId& id) {
    return fmt::format("{}.{}.{}", id.connection.pid, id.connection.generation, id.number);
}

}  // namespace sslsniff
