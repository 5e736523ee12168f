#pragma once

#include "model/connection.h"
#include "model/trace_ids.h"
#include "protocols/http/http_headers.h"

namespace sslsniff {

/// The ids in header fields that programs pass on from the requests that they get to those that they make:
/// traceparent, b3, X-B3-TraceId, X-Request-Id, X-Correlation-Id. Of a field that is there twice, the first
/// counts.
TraceIds read_trace_ids(const HttpHeaders& headers);
/// The same of a request that the process gets; none of one that it makes: those are read when it is over, if
/// anybody wants them.
TraceIds incoming_trace_ids(const HttpHeaders& headers, const ConnectionInfo& connection);

}  // namespace sslsniff
