#include "protocols/grpc/grpc_call.h"

#include <array>

namespace sslsniff {
namespace {

using enum FieldType;

constexpr auto kFields = std::to_array<FieldSpec>({
    {"grpc.service", text, "service"},
    {"grpc.method", text},
    {"grpc.status", number},
    {"grpc.status_name", text},
    {"grpc.message", text},
    {"grpc.request.messages", number},
    {"grpc.request.bytes", size},
    {"grpc.request.compressed", number},
    {"grpc.request.broken", boolean},
    {"grpc.request.message.size", size},
    {"grpc.request.message.captured", size},
    {"grpc.request.message.missing", size},
    {"grpc.request.message.text", text},
    {"grpc.response.messages", number},
    {"grpc.response.bytes", size},
    {"grpc.response.compressed", number},
    {"grpc.response.broken", boolean},
    {"grpc.response.message.size", size},
    {"grpc.response.message.captured", size},
    {"grpc.response.message.missing", size},
    {"grpc.response.message.text", text},
    {"connect.service", text},
    {"connect.method", text},
    {"connect.error", text},
    {"connect.message", text},
    {"connect.request.messages", number},
    {"connect.response.messages", number},
});

}  // namespace

std::span<const FieldSpec> grpc_fields() {
    return kFields;
}

}  // namespace sslsniff
