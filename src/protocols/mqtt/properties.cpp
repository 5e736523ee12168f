#include "protocols/mqtt/properties.h"

#include <algorithm>
#include <array>
#include <bitset>

#include "protocols/mqtt/packet.h"

namespace sslsniff::mqtt {
namespace {

enum class Form : std::uint8_t { byte, two_bytes, four_bytes, variable, text, pair };

struct Spec {
    std::uint8_t id;
    Form form;
    std::string_view name;
};

constexpr std::uint8_t kContentType = 0x03;
constexpr std::uint8_t kSubscriptionIdentifier = 0x0B;
constexpr std::uint8_t kAuthenticationData = 0x16;
constexpr std::uint8_t kReasonString = 0x1F;
constexpr std::uint8_t kTopicAlias = 0x23;
constexpr std::uint8_t kUserProperty = 0x26;

/// MQTT 5.0 table 2-4, with the unit where there is one.
constexpr auto kSpecs = std::to_array<Spec>({
    {0x01, Form::byte, "payload_format_indicator"},
    {0x02, Form::four_bytes, "message_expiry_interval_s"},
    {kContentType, Form::text, "content_type"},
    {0x08, Form::text, "response_topic"},
    {0x09, Form::text, "correlation_data"},
    {kSubscriptionIdentifier, Form::variable, "subscription_identifiers"},
    {0x11, Form::four_bytes, "session_expiry_interval_s"},
    {0x12, Form::text, "assigned_client_identifier"},
    {0x13, Form::two_bytes, "server_keep_alive_s"},
    {0x15, Form::text, "authentication_method"},
    {kAuthenticationData, Form::text, "authentication_data"},
    {0x17, Form::byte, "request_problem_information"},
    {0x18, Form::four_bytes, "will_delay_interval_s"},
    {0x19, Form::byte, "request_response_information"},
    {0x1A, Form::text, "response_information"},
    {0x1C, Form::text, "server_reference"},
    {kReasonString, Form::text, "reason_string"},
    {0x21, Form::two_bytes, "receive_maximum"},
    {0x22, Form::two_bytes, "topic_alias_maximum"},
    {kTopicAlias, Form::two_bytes, "topic_alias"},
    {0x24, Form::byte, "maximum_qos"},
    {0x25, Form::byte, "retain_available"},
    {kUserProperty, Form::pair, "user_properties"},
    {0x27, Form::four_bytes, "maximum_packet_size_bytes"},
    {0x28, Form::byte, "wildcard_subscription_available"},
    {0x29, Form::byte, "subscription_identifier_available"},
    {0x2A, Form::byte, "shared_subscription_available"},
});

struct Property {
    const Spec* spec = nullptr;
    std::uint32_t number = 0;
    ByteView text;
    ByteView value;  ///< of a pair whose name is `text`
};

/// The next one; its `spec` is null when there is none that is known.
Property read_property(ByteReader& reader) {
    const auto id = read_variable(reader);
    const auto* const spec = std::ranges::find(kSpecs, id.value_or(0), &Spec::id);
    if (spec == kSpecs.end()) {
        return {};
    }
    Property out{spec, 0, {}, {}};
    switch (spec->form) {
        case Form::byte:
            out.number = reader.u8();
            break;
        case Form::two_bytes:
            out.number = reader.be<std::uint16_t>();
            break;
        case Form::four_bytes:
            out.number = reader.be<std::uint32_t>();
            break;
        case Form::variable: {
            const auto number = read_variable(reader);
            if (!number) {
                return {};
            }
            out.number = *number;
            break;
        }
        case Form::pair:
            out.text = read_string(reader);
            out.value = read_string(reader);
            break;
        case Form::text:
            out.text = read_string(reader);
            break;
    }
    return reader.good() ? out : Property{};
}

/// The properties without their length; `good` is false when they are cut off.
ByteReader take_properties(ByteReader& reader, bool& good) {
    const auto size = read_variable(reader);
    good = size.has_value() && *size <= reader.left();
    return ByteReader(good ? reader.bytes(*size) : reader.rest());
}

/// May occur several times, and so they are arrays.
bool repeats(const Property& property) {
    return property.spec->id == kUserProperty || property.spec->id == kSubscriptionIdentifier;
}

void write_once(const Property& property, FieldWriter& writer, bool show_secrets, Properties& out) {
    const Spec& spec = *property.spec;
    if (spec.id == kAuthenticationData && !show_secrets) {
        writer.text(spec.name, "***");
        out.secret_hidden = true;
    } else if (spec.form == Form::text) {
        writer.text(spec.name, property.text);
    } else {
        writer.number(spec.name, property.number);
    }
    if (spec.id == kTopicAlias) {
        out.topic_alias = static_cast<std::uint16_t>(property.number);
    } else if (spec.id == kContentType) {
        out.content_type = property.text;
    } else if (spec.id == kReasonString) {
        out.reason_string = property.text;
    }
}

void write_array(ByteReader reader, std::uint8_t id, FieldWriter& writer) {
    bool open = false;
    while (reader.left() > 0) {
        const Property property = read_property(reader);
        if (property.spec == nullptr) {
            break;
        }
        if (property.spec->id != id) {
            continue;
        }
        if (!open) {
            writer.begin_array(property.spec->name);
            open = true;
        }
        if (property.spec->form == Form::pair) {
            writer.begin_object({});
            writer.text("name", property.text);
            writer.text("value", property.value);
            writer.end_object();
        } else {
            writer.number({}, property.number);
        }
    }
    if (open) {
        writer.end_array();
    }
}

}  // namespace

bool skip_properties(ByteReader& reader) {
    bool good = false;
    ByteReader properties = take_properties(reader, good);
    while (good && properties.left() > 0) {
        good = read_property(properties).spec != nullptr;
    }
    return good;
}

Properties write_properties(ByteReader& reader, std::string_view key, FieldWriter& writer,
                            bool show_secrets) {
    Properties out;
    const ByteReader all = take_properties(reader, out.good);
    if (all.left() == 0) {
        return out;
    }
    writer.begin_object(key);
    std::bitset<64> seen;
    for (ByteReader properties = all; properties.left() > 0;) {
        const Property property = read_property(properties);
        if (property.spec == nullptr) {
            out.good = false;
            break;
        }
        if (!repeats(property) && !seen.test(property.spec->id)) {
            seen.set(property.spec->id);
            write_once(property, writer, show_secrets, out);
        }
    }
    write_array(all, kSubscriptionIdentifier, writer);
    write_array(all, kUserProperty, writer);
    writer.end_object();
    return out;
}

}  // namespace sslsniff::mqtt
