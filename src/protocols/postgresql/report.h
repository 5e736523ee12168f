#pragma once

#include "protocols/sql/exchange.h"

namespace sslsniff::postgresql {

/// What the body of an ErrorResponse or a NoticeResponse says
/// (https://www.postgresql.org/docs/18/protocol-error-fields.html).
sql::Error parse_report(ByteView body);

}  // namespace sslsniff::postgresql
