#include "support/otlp_text.h"
#include "output/otlp/encoding.h"

#include <fmt/format.h>

#include <array>
#include <protozero/pbf_reader.hpp>
#include <stdexcept>

#include "base/text.h"

namespace sslsniff::test {
namespace {

using protozero::pbf_reader;

std::string hex(ByteView bytes) {
    std::string out;
    for (const char c : bytes) {
        out += fmt::format("{:02x}", static_cast<unsigned char>(c));
    }
    return out;
}

ByteView view(const protozero::data_view& data) {
    return {data.data(), data.size()};
}

std::string value_text(pbf_reader value) {
    std::string out;
    while (value.next()) {
        switch (value.tag()) {
            case 1:
                out = '"' + printable(view(value.get_view())) + '"';
                break;
            case 2:
                out = value.get_bool() ? "true" : "false";
                break;
            case 3:
                out = fmt::format("{}", value.get_int64());
                break;
            case 4:
                out = fmt::format("{}", value.get_double());
                break;
            case 5: {
                auto array = value.get_message();
                while (array.next(1)) {
                    out += (out.empty() ? "[" : ", ") + value_text(array.get_message());
                }
                out += ']';
                break;
            }
            default:
                throw std::runtime_error("AnyValue has a field that is not known");
        }
    }
    return out;
}

std::string attribute_text(pbf_reader attribute) {
    std::string key;
    std::string value;
    while (attribute.next()) {
        if (attribute.tag() == 1) {
            key = attribute.get_string();
        } else {
            value = value_text(attribute.get_message());
        }
    }
    return fmt::format("  {} = {}\n", key, value);
}

}  // namespace

std::string span_text(const Span& span) {
    Bytes bytes;
    encode_span(span, bytes);
    static constexpr std::array<std::string_view, 6> kKinds{"unspecified", "internal", "server",
                                                            "client",      "producer", "consumer"};
    std::string name;
    std::string_view kind = "?";
    std::string trace;
    std::string parent;
    std::string state;
    std::string attributes;
    std::string status;
    std::uint64_t start = 0;
    std::uint64_t end = 0;
    std::uint32_t flags = 0;
    pbf_reader message(bytes.data(), bytes.size());
    while (message.next()) {
        switch (message.tag()) {
            case 1:
                trace = hex(view(message.get_view()));
                break;
            case 2:
                if (message.get_view().size() != 8) {
                    throw std::runtime_error("a span id has 8 bytes");
                }
                break;
            case 3:
                state = " state " + printable(view(message.get_view()));
                break;
            case 4:
                parent = hex(view(message.get_view()));
                break;
            case 5:
                name = printable(view(message.get_view()));
                break;
            case 6:
                kind = kKinds.at(static_cast<std::size_t>(message.get_enum()));
                break;
            case 7:
                start = message.get_fixed64();
                break;
            case 8:
                end = message.get_fixed64();
                break;
            case 9:
                attributes += attribute_text(message.get_message());
                break;
            case 15: {
                auto inner = message.get_message();
                while (inner.next()) {
                    status = inner.tag() == 3 && inner.get_enum() == 2 ? " ERROR" : " ?";
                }
                break;
            }
            case 16:
                flags = message.get_fixed32();
                break;
            default:
                throw std::runtime_error("a span has a field that is not known");
        }
    }
    const std::string of_parent =
        parent.empty() ? "" : fmt::format(" in {}/{} flags {:#x}{}", trace, parent, flags, state);
    return fmt::format("{} ({}){} {} +{}ns{}\n{}", name, kind, status, start, end - start, of_parent,
                       attributes);
}

std::string resource_text(ByteView bytes) {
    std::string out;
    pbf_reader resource(bytes.data(), bytes.size());
    while (resource.next(1)) {
        out += attribute_text(resource.get_message());
    }
    return out;
}

}  // namespace sslsniff::test
