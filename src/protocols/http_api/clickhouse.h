#pragma once

#include "protocols/http_api/http_api.h"

namespace sslsniff {

std::unique_ptr<HttpApi> create_clickhouse(const HttpRequest& request);
std::span<const FieldSpec> clickhouse_fields();

}  // namespace sslsniff
