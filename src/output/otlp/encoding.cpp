#include "output/otlp/encoding.h"

#include <algorithm>
#include <protozero/pbf_writer.hpp>
#include <type_traits>

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
constexpr std::uint32_t kAttributes = 9;
constexpr std::uint32_t kStatus = 15;
constexpr std::uint32_t kFlags = 16;
constexpr std::uint32_t kStatusCode = 3;
constexpr std::int32_t kStatusError = 2;
constexpr std::uint32_t kResourceAttributes = 1;
/// SpanFlags: it is known whether the parent is remote, and it is.
constexpr std::uint32_t kRemoteParent = 0x300;

void write_value(pbf_writer&& out, const AttributeValue& value) {
    std::visit(
        [&](const auto& what) {
            using What = std::decay_t<decltype(what)>;
            if constexpr (std::is_same_v<What, Bytes>) {
                out.add_string(kString, attribute_text(what));
            } else if constexpr (std::is_same_v<What, bool>) {
                out.add_bool(kBool, what);
            } else if constexpr (std::is_same_v<What, std::int64_t>) {
                out.add_int64(kInt, what);
            } else if constexpr (std::is_same_v<What, double>) {
                out.add_double(kDouble, what);
            } else {
                pbf_writer array(out, kArray);
                for (const Bytes& text : what) {
                    write_value(pbf_writer(array, 1), text);
                }
            }
        },
        value);
}

void write_attribute(pbf_writer&& out, std::string_view name, const AttributeValue& value) {
    out.add_string(kKey, name.data(), name.size());
    write_value(pbf_writer(out, kValue), value);
}

std::uint64_t nanoseconds(Timestamp time) {
    return static_cast<std::uint64_t>(std::max<std::int64_t>(time.time_since_epoch().count(), 0));
}

template <class Id>
void write_id(pbf_writer& out, std::uint32_t tag, const Id& id) {
    const Bytes bytes(id.begin(), id.end());
    out.add_bytes(tag, bytes);
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
    pbf_writer resource(out);
    for (const auto& [name, value] : host) {
        write_attribute(pbf_writer(resource, kResourceAttributes), name, Bytes(value));
    }
    // What the user says precedes.
    const auto add = [&](std::string_view name, const AttributeValue& value) {
        if (std::ranges::none_of(host, [&](const auto& pair) { return pair.first == name; })) {
            write_attribute(pbf_writer(resource, kResourceAttributes), name, value);
        }
    };
    const bool is_known = process.key.pid != 0;
    add("service.name", is_known && !process.comm.empty() ? Bytes(process.comm) : Bytes("sslsniff"));
    if (!is_known) {
        return out;
    }
    add("process.pid", std::int64_t{process.key.pid});
    add("process.real_user.id", std::int64_t{process.uid});
    if (!process.exe.empty()) {
        add("process.executable.name", Bytes(process.exe.substr(process.exe.rfind('/') + 1)));
        add("process.executable.path", Bytes(process.exe));
    }
    if (!process.container_id.empty()) {
        add("container.id", Bytes(process.container_id));
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
            add(name, Bytes(*value));
        }
    }
    return out;
}

Bytes encode_span(const Span& span) {
    Bytes out;
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
    for (const SpanAttribute& attribute : span.attributes) {
        write_attribute(pbf_writer(writer, kAttributes), attribute.name, attribute.value);
    }
    if (span.failed) {
        pbf_writer(writer, kStatus).add_enum(kStatusCode, kStatusError);
    }
    writer.add_fixed32(kFlags, span.flags | (span.parent ? kRemoteParent : 0));
    return out;
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

void append_attribute(Bytes& message, std::uint32_t tag, std::string_view name, ByteView value) {
    pbf_writer out(message);
    write_attribute(pbf_writer(out, tag), name, Bytes(value));
}

}  // namespace sslsniff
