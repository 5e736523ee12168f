#pragma once

#include "protocols/http_api/http_api.h"

namespace sslsniff {

std::unique_ptr<HttpApi> create_model_api(const HttpRequest& request);
std::span<const FieldSpec> model_api_fields();

}  // namespace sslsniff
