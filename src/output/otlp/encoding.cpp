#include "output/otlp/encoding.h"

#include <algorithm>
#include <array>
#include <bit>
#include <protozero/pbf_writer.hpp>
#include <protozero/varint.hpp>
#include <tuple>

#include "base/text.h"

namespace sslsniff {
namespace {

using protozero::pbf_writer;

// opentelemetry-proto 1.5, common.proto and trace.proto.
// AnyValue
constexpr std::uint32_t kString = 1;
constexpr std::uint32_t kBool = 2;
constexpr std::uint32_t kInt = 3;
constexpr std::uint32_t kDouble = 4;
constexpr std::uint32_t kArray = 5;
// ArrayValue
constexpr std::uint32_t kArrayValues = 1;
// KeyValue
constexpr std::uint32_t kKey = 1;
constexpr std::uint32_t kValue = 2;
// Span
constexpr std::uint32_t kTraceId = 1;
constexpr std::uint32_t kSpanId = 2;
constexpr std::uint32_t kTraceState = 3;
constexpr std::uint32_t kParentSpanId = 4;
constexpr std::uint32_t kName = 5;
constexpr std::uint32_t kKind = 6;
constexpr std::uint32_t kStart = 7;
constexpr std::uint32_t kEnd = 8;
constexpr std::uint32_t kStatus = 15;
constexpr std::uint32_t kFlags = 16;
constexpr std::uint32_t kStatusCode = 3;
constexpr std::int32_t kStatusError = 2;
constexpr std::uint32_t kResourceAttributes = 1;
/// SpanFlags: it is known whether the parent is remote, and it is.
constexpr std::uint32_t kRemoteParent = 0x300;

/// `bytes` as attribute_text() makes it, in `made` only where that has to change something.
ByteView attribute_view(ByteView bytes, std::string& made) {
    const ByteView whole = prefix_of(bytes, kLongestAttribute);
    if (utf8_prefix(whole) == whole.size()) {
        return whole;
    }
    made = attribute_text(bytes);
    return made;
}

constexpr std::size_t kTag = 1;  // bytes, of fields below 16

std::size_t size_of_field(std::size_t content) {
    return kTag + static_cast<std::size_t>(protozero::length_of_varint(content)) + content;
}

/// A field of `tag` with a message KeyValue whose value, an AnyValue, is `any_size` bytes that `write`
/// writes: with all sizes known before, nothing has to be moved.
template <class Write>
void write_attribute(Bytes& message, std::uint32_t tag, std::string_view name, std::size_t any_size,
                     Write write) {
    pbf_writer out(message);
    pbf_writer pair(out, tag, size_of_field(name.size()) + size_of_field(any_size));
    pair.add_string(kKey, name.data(), name.size());
    pbf_writer any(pair, kValue, any_size);
    write(any);
}

std::uint64_t nanoseconds(Timestamp time) {
    return static_cast<std::uint64_t>(std::max<std::int64_t>(time.time_since_epoch().count(), 0));
}

template <class Id>
void write_id(pbf_writer& out, std::uint32_t tag, const Id& id) {
    const std::array<char, std::tuple_size_v<Id>> bytes =
        std::bit_cast<std::array<char, std::tuple_size_v<Id>>>(id);
    out.add_bytes(tag, bytes.data(), bytes.size());
}

}  // namespace

std::string attribute_text(ByteView bytes) {
    ByteView rest = prefix_of(bytes, kLongestAttribute);
    std::string out;
    while (true) {
        const std::size_t good = utf8_prefix(rest);
        out += rest.substr(0, good);
        if (good == rest.size()) {
            return out;
        }
        out += "\xEF\xBF\xBD";
        rest.remove_prefix(good + 1);
    }
}

Bytes encode_resource(const ProcessInfo& process, const ResourceAttributes& host) {
    Bytes out;
    for (const auto& [name, value] : host) {
        append_attribute(out, kResourceAttributes, name, ByteView(value));
    }
    // What the user says precedes.
    const auto add = [&](std::string_view name, const auto& value) {
        if (std::ranges::none_of(host, [&](const auto& pair) { return pair.first == name; })) {
            append_attribute(out, kResourceAttributes, name, value);
        }
    };
    const bool is_known = process.key.pid != 0;
    add("service.name", is_known && !process.comm.empty() ? ByteView(process.comm) : ByteView("sslsniff"));
    if (!is_known) {
        return out;
    }
    add("process.pid", std::int64_t{process.key.pid});
    add("process.real_user.id", std::int64_t{process.uid});
    if (!process.exe.empty()) {
        add("process.executable.name", ByteView(process.exe).substr(process.exe.rfind('/') + 1));
        add("process.executable.path", ByteView(process.exe));
    }
    if (!process.container_id.empty()) {
        add("container.id", ByteView(process.container_id));
    }
    const ContainerNames& container = process.container;
    const bool has_pod = !container.pod.empty();
    for (const auto& [name, value] :
         {std::pair<std::string_view, const std::string*>{"container.runtime.name", &container.runtime},
          {has_pod ? "k8s.container.name" : "container.name", &container.name},
          {"container.image.name", &container.image},
          {"k8s.pod.name", &container.pod},
          {"k8s.namespace.name", &container.pod_namespace}}) {
        if (!value->empty()) {
            add(name, ByteView(*value));
        }
    }
    return out;
}

void encode_span(const Span& span, Bytes& out) {
    pbf_writer writer(out);
    write_id(writer, kTraceId, span.trace);
    write_id(writer, kSpanId, span.id);
    if (!span.trace_state.empty()) {
        writer.add_string(kTraceState, attribute_text(span.trace_state));
    }
    if (span.parent) {
        write_id(writer, kParentSpanId, *span.parent);
    }
    writer.add_string(kName, attribute_text(span.name));
    writer.add_enum(kKind, static_cast<std::int32_t>(span.kind));
    writer.add_fixed64(kStart, nanoseconds(span.start));
    writer.add_fixed64(kEnd, nanoseconds(span.end));
    out += span.attributes.encoded();
    if (span.failed) {
        pbf_writer(writer, kStatus).add_enum(kStatusCode, kStatusError);
    }
    writer.add_fixed32(kFlags, span.flags | (span.parent ? kRemoteParent : 0));
}

void append_scope(Bytes& scope_group) {
    pbf_writer group(scope_group);
    pbf_writer scope(group, otlp::kScope);
    scope.add_string(otlp::kScopeName, "sslsniff");
    scope.add_string(otlp::kScopeVersion, SSLSNIFF_VERSION);
}

void append_field(Bytes& message, std::uint32_t tag, ByteView content) {
    pbf_writer(message).add_message(tag, content.data(), content.size());
}

void append_attribute(Bytes& message, std::uint32_t tag, std::string_view name, ByteView text) {
    std::string made;
    const ByteView view = attribute_view(text, made);
    write_attribute(message, tag, name, size_of_field(view.size()),
                    [&](pbf_writer& any) { any.add_string(kString, view.data(), view.size()); });
}

void append_attribute(Bytes& message, std::uint32_t tag, std::string_view name, bool truth) {
    write_attribute(message, tag, name, kTag + 1, [&](pbf_writer& any) { any.add_bool(kBool, truth); });
}

void append_attribute(Bytes& message, std::uint32_t tag, std::string_view name, std::int64_t number) {
    const int size = protozero::length_of_varint(static_cast<std::uint64_t>(number));
    write_attribute(message, tag, name, kTag + static_cast<std::size_t>(size),
                    [&](pbf_writer& any) { any.add_int64(kInt, number); });
}

void append_attribute(Bytes& message, std::uint32_t tag, std::string_view name, double number) {
    write_attribute(message, tag, name, kTag + sizeof(number),
                    [&](pbf_writer& any) { any.add_double(kDouble, number); });
}

void append_attribute(Bytes& message, std::uint32_t tag, std::string_view name,
                      const std::vector<Bytes>& texts) {
    Bytes array;
    for (const Bytes& text : texts) {
        std::string made;
        const ByteView view = attribute_view(text, made);
        pbf_writer out(array);
        pbf_writer(out, kArrayValues, size_of_field(view.size()))
            .add_string(kString, view.data(), view.size());
    }
    write_attribute(message, tag, name, size_of_field(array.size()),
                    [&](pbf_writer& any) { any.add_message(kArray, array.data(), array.size()); });
}

}  // namespace sslsniff
