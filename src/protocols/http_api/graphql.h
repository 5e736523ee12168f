#pragma once

#include "protocols/http_api/http_api.h"

namespace sslsniff {

std::unique_ptr<HttpApi> create_graphql(const HttpRequest& request);
std::span<const FieldSpec> graphql_fields();

}  // namespace sslsniff
