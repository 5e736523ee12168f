#include <array>

#include "protocols/stream_message.h"

namespace sslsniff {
namespace {

using enum FieldType;

constexpr auto kFields = std::to_array<FieldSpec>({
    {"message.url", text},
    {"message.stream", number},
    {"message.from", text},
    {"message.number", number},
    {"message.type", text},
    {"message.code", text},
    {"message.id", text},
    {"message.compressed", text},
    {"message.body.size", size},
    {"message.body.captured", size},
    {"message.body.missing", size},
    {"message.body.text", text},
});

}  // namespace

std::span<const FieldSpec> message_fields() {
    return kFields;
}

}  // namespace sslsniff
