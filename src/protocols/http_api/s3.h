#pragma once

#include "protocols/http_api/http_api.h"

namespace sslsniff {

std::unique_ptr<HttpApi> create_s3(const HttpRequest& request);
std::span<const FieldSpec> s3_fields();

}  // namespace sslsniff
