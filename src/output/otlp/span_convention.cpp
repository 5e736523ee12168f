#include "output/otlp/span_convention.h"

#include <fmt/format.h>

#include <algorithm>
#include <optional>
#include <type_traits>
#include <utility>

#include "base/number.h"
#include "output/stat/folding.h"

namespace sslsniff {
namespace {

Bytes text_of(const FieldValue& value) {
    return std::visit(
        [](const auto& what) -> Bytes {
            if constexpr (std::is_same_v<std::decay_t<decltype(what)>, Bytes>) {
                return what;
            } else {
                return fmt::format("{}", what);
            }
        },
        value);
}

void add_formed(const FieldRule& rule, const std::vector<FieldValue>& values, SpanAttributes& out) {
    switch (rule.form) {
        case FieldRule::Form::text:
            return out.add(rule.attribute, text_of(values.front()));
        case FieldRule::Form::statement:
            return out.add(rule.attribute, fold_statement(text_of(values.front())));
        case FieldRule::Form::all: {
            std::vector<Bytes> texts;
            texts.reserve(values.size());
            std::ranges::transform(values, std::back_inserter(texts), text_of);
            return out.add(rule.attribute, texts);
        }
        case FieldRule::Form::as_is:
            break;
    }
    std::visit([&](const auto& what) { out.add(rule.attribute, what); }, values.front());
}

FieldPaths paths_of(const SpanConvention& convention) {
    FieldPaths paths;
    for (const FieldRule& rule : convention.rules) {
        paths.add(rule.field);
    }
    for (const std::string_view path : convention.looks) {
        paths.add(path);
    }
    return paths;
}

struct Authority {
    ByteView host;
    std::uint16_t port = 0;  ///< 0: not said
};

Authority split_authority(ByteView text) {
    const std::size_t bracket = text.starts_with('[') ? text.find(']') : ByteView::npos;
    const std::size_t colon = text.find(':', bracket == ByteView::npos ? 0 : bracket);
    Authority out{text.substr(0, colon), 0};
    if (bracket != ByteView::npos) {
        out.host = text.substr(1, bracket - 1);
    }
    if (colon != ByteView::npos) {
        out.port = parse_number<std::uint16_t>(text.substr(colon + 1)).value_or(0);
    }
    return out;
}

}  // namespace

PreparedConvention::PreparedConvention(const SpanConvention& named)
    : convention(named), paths(paths_of(named)), fields(paths) {}

SpanSource::SpanSource(const Transaction& transaction, const Facts& facts, PreparedConvention& prepared)
    : transaction_(transaction), facts_(facts), prepared_(prepared) {
    prepared.fields.clear();
    transaction.exchange->write_fields(prepared.fields);
}

const std::vector<FieldValue>& SpanSource::values(std::string_view path) const {
    static const std::vector<FieldValue> none;
    const auto index = prepared_.paths.index_of(path);
    return index ? prepared_.fields.values(*index) : none;
}

ByteView SpanSource::text(std::string_view path) const {
    const auto& all = values(path);
    const auto* bytes = all.empty() ? nullptr : std::get_if<Bytes>(&all.front());
    return bytes != nullptr ? ByteView(*bytes) : ByteView();
}

std::int64_t SpanSource::number(std::string_view path, std::int64_t none) const {
    const auto& all = values(path);
    const auto* number = all.empty() ? nullptr : std::get_if<std::int64_t>(&all.front());
    return number != nullptr ? *number : none;
}

void SpanSource::apply_rules(Span& span) const {
    const auto rules = prepared_.convention.rules;
    for (std::size_t i = 0; i < rules.size(); ++i) {
        // Of fields that mean the same, the request's come first.
        if (const auto& all = prepared_.fields.values(i);
            !all.empty() && !span.attributes.has(rules[i].attribute)) {
            add_formed(rules[i], all, span.attributes);
        }
    }
}

void add_server(const SpanSource& source, ByteView authority, Span& span) {
    const ConnectionInfo& connection = source.connection();
    const Endpoint& server = source.is_server() ? connection.endpoints.local : connection.endpoints.remote;
    const auto [host, port] = split_authority(authority);
    Bytes name(host);
    if (name.empty() && !source.is_server()) {
        name = connection.remote_name;
    }
    span.attributes.add_known("server.address", name.empty() ? to_string(server.address) : name);
    if (const std::uint16_t known = port != 0 ? port : server.port; known != 0) {
        span.attributes.add("server.port", std::int64_t{known});
    }
}

}  // namespace sslsniff
