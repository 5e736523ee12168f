#include "output/stat/grouping.h"

#include <fmt/format.h>

#include <algorithm>
#include <array>
#include <utility>

#include "base/text.h"
#include "filter/field_collector.h"
#include "filter/fields.h"
#include "output/stat/folding.h"

namespace sslsniff {
namespace {

using Kind = StatColumn::Kind;

struct OwnColumn {
    std::string_view name;
    Kind kind;
};
constexpr auto kOwn = std::to_array<OwnColumn>({
    {"process", Kind::process},
    {"peer", Kind::peer},
    {"endpoint", Kind::endpoint},
    {"operation", Kind::operation},
    {"target", Kind::target},
    {"outcome", Kind::outcome},
    {"error", Kind::error},
});

std::string peer_of(const ConnectionInfo& connection) {
    const Endpoints& ends = connection.endpoints;
    if (connection.role == Role::server) {  // who asks is never the same for long
        return ends.local.port != 0 ? fmt::format("< :{}", ends.local.port) : "<";
    }
    if (connection.remote_name.empty()) {
        return fmt::format("> {}", to_string(ends.remote));
    }
    return ends.remote.port != 0 ? fmt::format("> {}:{}", connection.remote_name, ends.remote.port)
                                 : fmt::format("> {}", connection.remote_name);
}

std::string endpoint_of(const Facts& facts) {
    const std::string target = fold_target(facts.target);
    return facts.operation + (facts.operation.empty() || target.empty() ? "" : " ") + target;
}

std::string text_of(const FieldValue& value) {
    return std::visit(
        [](const auto& what) {
            if constexpr (std::is_same_v<std::decay_t<decltype(what)>, Bytes>) {
                return what;
            } else {
                return fmt::format("{}", what);
            }
        },
        value);
}

std::string field_of(const StatColumn& column, const std::vector<FieldValue>& values) {
    if (values.empty()) {
        return {};
    }
    std::string text = text_of(values.front());
    switch (column.kind) {
        case Kind::statement:
            return fold_statement(text);
        case Kind::path:
            return fold_target(text);
        default:
            return text;
    }
}

std::string kept(std::string_view text) {
    constexpr std::size_t kMost = 200;
    return text.empty() ? "-" : std::string(prefix_of(text, kMost));
}

Kind kind_of(const Field& field) {
    if (field.path.ends_with(".statement") || field.path == "clickhouse.query") {
        return Kind::statement;
    }
    return field.path == "request.target" || field.path == "request.url" ? Kind::path : Kind::field;
}

}  // namespace

Result<std::vector<StatColumn>> parse_columns(std::string_view names, const FieldTable& fields) {
    std::vector<StatColumn> columns;
    while (!names.empty() || columns.empty()) {
        const std::size_t comma = std::min(names.find(','), names.size());
        const std::string_view name = trim(names.substr(0, comma));
        names.remove_prefix(std::min(comma + 1, names.size()));
        const auto* own = std::ranges::find(kOwn, name, &OwnColumn::name);
        if (own != kOwn.end()) {
            columns.push_back({std::string(name), own->kind, {}});
            continue;
        }
        const auto field = fields.find(name);
        if (!field) {
            const std::string_view similar = fields.similar(name);
            return fail(
                ErrorKind::usage,
                fmt::format("there is no field '{}'{} (docs/stat.md, docs/filters.md)", printable(name),
                            similar.empty() ? "" : fmt::format(": did you mean {}?", similar)));
        }
        columns.push_back({std::string(name), kind_of(*field), field->path});
    }
    return columns;
}

std::vector<StatColumn> default_columns() {
    return {{"process", Kind::process, {}}, {"peer", Kind::peer, {}}, {"endpoint", Kind::endpoint, {}}};
}

Grouping::Grouping(std::vector<StatColumn> columns) : columns_(std::move(columns)) {
    for (const StatColumn& column : columns_) {
        if (!column.path.empty()) {
            paths_.add(column.path);
        }
    }
}

std::vector<std::string> Grouping::values(const Transaction& transaction, const Facts& facts) const {
    FieldCollector fields(paths_);
    if (!paths_.empty()) {
        write_common_fields(transaction, fields);
        transaction.exchange->write_fields(fields);
    }
    std::vector<std::string> values;
    values.reserve(columns_.size());
    std::size_t field = 0;
    for (const StatColumn& column : columns_) {
        switch (column.kind) {
            case Kind::process:
                values.push_back(kept(transaction.connection.process->comm));
                break;
            case Kind::peer:
                values.push_back(kept(peer_of(transaction.connection)));
                break;
            case Kind::endpoint:
                values.push_back(kept(endpoint_of(facts)));
                break;
            case Kind::operation:
                values.push_back(kept(facts.operation));
                break;
            case Kind::target:
                values.push_back(kept(fold_target(facts.target)));
                break;
            case Kind::outcome:
                values.emplace_back(to_string(facts.outcome));
                break;
            case Kind::error:
                values.push_back(kept(facts.error_type));
                break;
            case Kind::statement:
            case Kind::path:
            case Kind::field:
                values.push_back(kept(field_of(column, fields.values(field++))));
                break;
        }
    }
    return values;
}

}  // namespace sslsniff
