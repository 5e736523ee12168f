#include "protocols/amqp/properties.h"

#include <array>

#include "protocols/amqp/values.h"

namespace sslsniff::amqp {
namespace {

struct Spec {
    ArgumentType type;
    std::string_view name;
    ByteView Properties::* keep = nullptr;
};

/// The fields of class basic, the first one being the uppermost flag (section 1.8.2).
constexpr auto kSpecs = std::to_array<Spec>({
    {ArgumentType::short_string, "content_type", &Properties::content_type},
    {ArgumentType::short_string, "content_encoding", &Properties::content_encoding},
    {ArgumentType::table, "headers"},
    {ArgumentType::octet, "delivery_mode"},
    {ArgumentType::octet, "priority"},
    {ArgumentType::short_string, "correlation_id", &Properties::correlation_id},
    {ArgumentType::short_string, "reply_to", &Properties::reply_to},
    {ArgumentType::short_string, "expiration"},
    {ArgumentType::short_string, "message_id"},
    {ArgumentType::longlong_int, "timestamp"},
    {ArgumentType::short_string, "type"},
    {ArgumentType::short_string, "user_id"},
    {ArgumentType::short_string, "app_id"},
    {ArgumentType::short_string, "cluster_id"},
});
constexpr unsigned kMoreFlags = 1;

void write_property(const Spec& spec, ByteReader& reader, FieldWriter& writer, Properties& out) {
    switch (spec.type) {
        case ArgumentType::octet:
            writer.number(spec.name, reader.u8());
            break;
        case ArgumentType::longlong_int:
            writer.number(spec.name, reader.be<std::uint64_t>());
            break;
        case ArgumentType::table:
            out.good = write_table(read_long_string(reader), spec.name, writer) && out.good;
            break;
        default: {
            const ByteView text = read_short_string(reader);
            writer.text(spec.name, text);
            if (spec.keep != nullptr) {
                out.*spec.keep = text;
            }
        }
    }
}

}  // namespace

Properties write_properties(ByteReader& reader, FieldWriter& writer) {
    Properties out;
    const unsigned flags = reader.be<std::uint16_t>();
    for (unsigned more = flags; (more & kMoreFlags) != 0 && reader.good();) {
        more = reader.be<std::uint16_t>();  // nobody has defined any
    }
    if ((flags & ~kMoreFlags) != 0) {
        writer.begin_object("properties");
        for (std::size_t i = 0; i < kSpecs.size() && reader.good(); ++i) {
            if ((flags >> (15 - i) & 1U) != 0) {
                write_property(kSpecs.at(i), reader, writer, out);
            }
        }
        writer.end_object();
    }
    out.good = out.good && reader.good();
    return out;
}

}  // namespace sslsniff::amqp
