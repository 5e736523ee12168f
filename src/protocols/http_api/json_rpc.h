#pragma once

#include "protocols/http_api/http_api.h"

namespace sslsniff {

std::unique_ptr<HttpApi> create_json_rpc(const HttpRequest& request);
std::span<const FieldSpec> json_rpc_fields();

}  // namespace sslsniff
