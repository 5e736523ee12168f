#pragma once

#include <span>

#include "model/field_spec.h"

namespace sslsniff {

/// What exchanges of all HTTP versions have for --where.
std::span<const FieldSpec> http_fields();

}  // namespace sslsniff
