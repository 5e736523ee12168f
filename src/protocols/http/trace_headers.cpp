#include "protocols/http/trace_headers.h"

#include "base/text.h"

namespace sslsniff {
namespace {

void take_text(ByteView value, std::string& to) {
    if (to.empty() && value.size() <= TraceIds::kMaxRequestId) {
        to = value;
    }
}

void take(const HttpHeaders::Field& field, TraceIds& ids) {
    if (equals_ignore_case(field.name, "traceparent")) {
        const auto parent = ids.trace_parent ? std::nullopt : parse_traceparent(field.value);
        ids.trace_parent = parent ? std::optional(parent->trace) : ids.trace_parent;
    } else if (equals_ignore_case(field.name, "b3") || equals_ignore_case(field.name, "x-b3-traceid")) {
        ids.b3 = ids.b3 ? ids.b3 : parse_b3(field.value);
    } else if (equals_ignore_case(field.name, "x-request-id")) {
        take_text(field.value, ids.request);
    } else if (equals_ignore_case(field.name, "x-correlation-id")) {
        take_text(field.value, ids.correlation);
    }
}

/// Most fields are told by their first letter and their length.
bool may_be_one(ByteView name) {
    switch (name.size()) {
        case 2:  // b3
            return name[0] == 'b' || name[0] == 'B';
        case 11:  // traceparent
            return name[0] == 't' || name[0] == 'T';
        case 12:  // x-b3-traceid, x-request-id
        case 16:  // x-correlation-id
            return name[0] == 'x' || name[0] == 'X';
        default:
            return false;
    }
}

}  // namespace

TraceIds read_trace_ids(const HttpHeaders& headers) {
    TraceIds ids;
    for (const HttpHeaders::Field& field : headers) {
        if (may_be_one(field.name)) {
            take(field, ids);
        }
    }
    return ids;
}

TraceIds incoming_trace_ids(const HttpHeaders& headers, const ConnectionInfo& connection) {
    return connection.role == Role::server ? read_trace_ids(headers) : TraceIds();
}

}  // namespace sslsniff
