#include "filter/field_table.h"

#include <algorithm>
#include <array>
#include <numeric>
#include <utility>

#include "base/text.h"

namespace sslsniff {
namespace {

using enum FieldType;

/// Written by write_common_fields().
constexpr auto kCommon = std::to_array<FieldSpec>({
    {"id", text},
    {"caused_by.id", text, "cause"},
    {"caused_by.confidence", text},
    {"protocol", text},
    {"duration", duration, "latency"},
    {"process.pid", number, "pid"},
    {"process.comm", text, "comm"},
    {"process.exe", text, "exe"},
    {"process.uid", number, "uid"},
    {"process.container", text, "container"},
    {"process.container_id", text},
    {"process.container_runtime", text},
    {"process.container_name", text},
    {"process.container_image", text, "image"},
    {"process.pod", text, "pod"},
    {"process.pod_namespace", text, "namespace"},
    {"connection.id", text},
    {"connection.role", text, "role"},
    {"connection.carrier", text, "carrier"},
    {"connection.transport", text, "transport"},
    {"connection.local.address", address, "local"},
    {"connection.local.port", number},
    {"connection.remote.address", address, "remote"},
    {"connection.remote.port", number, "port"},
    {"connection.remote_name", text, "peer"},
    {"connection.correlation", text, "correlation"},
    {"connection.socket_cookie", number},
    {"connection.netns", number, "netns"},
    {"connection.connect", duration, "connect"},
    {"connection.tls.library", text},
    {"connection.tls.version", text},
    {"connection.tls.cipher", text},
    {"connection.tls.sni", text, "sni"},
    {"connection.tls.alpn", text, "alpn"},
    {"connection.tls.offered_alpn", text},
    {"connection.tls.handshake", duration, "handshake"},
    {"connection.tls.handshake_failed", boolean},
    {"connection.tls.handshake_error", text},
    {"connection.tls.not_decoded", text},
    {"connection.joined_midstream", boolean},
    {"connection.continues", text},
    {"connection.other_end.id", text},
    {"connection.other_end.pid", number},
    {"connection.other_end.comm", text, "other"},
    {"connection.tunnel.via", text},
    {"connection.tunnel.client.address", address},
    {"connection.tunnel.client.port", number},
    {"connection.tunnel.target", text},
    {"timing.request_end", duration},
    {"timing.response_start", duration, "ttfb"},
    {"integrity.complete", boolean, "complete"},
    {"integrity.missing_bytes", size, "missing"},
    {"integrity.joined_midstream", boolean, "midstream"},
    {"integrity.reason", text},
    // Connections
    {"reason", text},
    {"transactions", number},
    {"sent.bytes", size},
    {"sent.missing", size},
    {"received.bytes", size},
    {"received.missing", size},
});

/// Nothing more distant is a likely slip of the finger.
constexpr std::size_t kMaxDistance = 2;

/// Levenshtein distance.
std::size_t distance(std::string_view a, std::string_view b) {
    std::vector<std::size_t> row(b.size() + 1);
    std::iota(row.begin(), row.end(), std::size_t{0});
    for (std::size_t i = 0; i < a.size(); ++i) {
        std::size_t diagonal = std::exchange(row[0], i + 1);
        for (std::size_t j = 0; j < b.size(); ++j) {
            const std::size_t changed = diagonal + (a[i] == b[j] ? 0 : 1);
            diagonal = row[j + 1];
            row[j + 1] = std::min({changed, row[j] + 1, diagonal + 1});
        }
    }
    return row.back();
}

}  // namespace

FieldTable::FieldTable(std::span<const std::span<const FieldSpec>> protocols)
    : fields_(kCommon.begin(), kCommon.end()) {
    for (const std::span<const FieldSpec> fields : protocols) {
        std::ranges::for_each(fields, [this](const FieldSpec& field) { add(field); });
    }
}

/// Several protocols may have the same field: the row with a short name counts.
void FieldTable::add(const FieldSpec& field) {
    const auto known = std::ranges::find(fields_, field.path, &FieldSpec::path);
    if (known == fields_.end()) {
        fields_.push_back(field);
    } else if (known->short_name.empty()) {
        known->short_name = field.short_name;
    }
}

std::optional<Field> FieldTable::find(std::string_view name) const {
    for (const FieldSpec& field : fields_) {
        if (field.path == name || (!name.empty() && field.short_name == name)) {
            return Field{std::string(field.path), field.type};
        }
        const bool takes_any = field.path.ends_with(".*");
        const std::string_view folder = field.path.substr(0, field.path.size() - 1);
        if (takes_any && name.starts_with(folder) && name.size() > folder.size()) {
            return Field{std::string(folder) + to_lower(name.substr(folder.size())), field.type};
        }
    }
    return std::nullopt;
}

std::string_view FieldTable::similar(std::string_view name) const {
    std::string_view best;
    std::size_t least = kMaxDistance + 1;
    for (const FieldSpec& field : fields_) {
        for (const std::string_view known : {field.path, field.short_name}) {
            const bool plausible = !known.empty() && known.size() + kMaxDistance >= name.size() &&
                                   name.size() + kMaxDistance >= known.size();
            if (const std::size_t d = plausible ? distance(name, known) : least; d < least) {
                least = d;
                best = known;
            }
        }
    }
    return best;
}

}  // namespace sslsniff
