#pragma once

#include <string>
#include <string_view>

#include "base/result.h"
#include "output/output_settings.h"

namespace sslsniff {

/// "http://HOST:4318" or "https://HOST/PREFIX", without what is behind the prefix: "/v1/traces" is added for
/// each kind of request, and taken off when it was given. An error names what is wrong with it.
Result<std::string> parse_collector_url(std::string_view text);

/// --otlp: "header.NAME=VALUE", "resource.NAME=VALUE", "ca=FILE", "cert=FILE", "key=FILE" or
/// "metrics=SECONDS".
Result<void> parse_otlp_setting(std::string_view text, OtlpSettings& settings);

}  // namespace sslsniff
