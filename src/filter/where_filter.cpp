#include "filter/where_filter.h"

namespace sslsniff {

bool WhereFilter::matches(const Transaction& transaction) const {
    FieldCollector fields(paths_);
    write_common_fields(transaction, fields);
    if (needs_exchange_) {
        transaction.exchange->write_fields(fields);
    }
    return evaluate(root_, fields);
}

bool WhereFilter::matches(const ConnectionRecord& record) const {
    FieldCollector fields(paths_);
    write_common_fields(record, fields);
    return evaluate(root_, fields);
}

bool WhereFilter::evaluate(std::size_t node, const FieldCollector& fields) const {
    const Node& n = nodes_[node];
    switch (n.kind) {
        case Node::Kind::comparison: {
            const Comparison& comparison = comparisons_[n.left];
            return comparison.holds(fields.values(comparison.field));
        }
        case Node::Kind::negation:
            return !evaluate(n.left, fields);
        case Node::Kind::conjunction:
            return evaluate(n.left, fields) && evaluate(n.right, fields);
        case Node::Kind::disjunction:
            return evaluate(n.left, fields) || evaluate(n.right, fields);
    }
    return false;
}

}  // namespace sslsniff
