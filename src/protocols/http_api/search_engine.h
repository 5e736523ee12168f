#pragma once

#include "protocols/http_api/http_api.h"

namespace sslsniff {

std::unique_ptr<HttpApi> create_search_engine(const HttpRequest& request);
std::span<const FieldSpec> search_engine_fields();

}  // namespace sslsniff
