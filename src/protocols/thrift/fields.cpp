#include <array>

#include "protocols/thrift/thrift.h"

namespace sslsniff {
namespace {

using enum FieldType;

/// Those that other rows have are not repeated: request.method, response.method.
constexpr auto kFields = std::to_array<FieldSpec>({
    {"request.encoding", text},
    {"request.sequence_id", number},
    {"response.encoding", text},
    {"response.sequence_id", number},
});

}  // namespace

std::span<const FieldSpec> thrift_fields() {
    return kFields;
}

}  // namespace sslsniff
