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

AttributeValue value_of(const FieldValue& value) {
    return std::visit([](const auto& what) { return AttributeValue(what); }, value);
}

AttributeValue formed(const std::vector<FieldValue>& values, FieldRule::Form form) {
    switch (form) {
        case FieldRule::Form::text:
            return text_of(values.front());
        case FieldRule::Form::statement:
            return fold_statement(text_of(values.front()));
        case FieldRule::Form::all: {
            std::vector<Bytes> texts;
            texts.reserve(values.size());
            std::ranges::transform(values, std::back_inserter(texts), text_of);
            return texts;
        }
        case FieldRule::Form::as_is:
            break;
    }
    return value_of(values.front());
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

PreparedConvention::PreparedConvention(const SpanConvention& named) : convention(&named) {
    for (const FieldRule& rule : named.rules) {
        paths.emplace_back(rule.field);
    }
    for (const std::string_view path : named.looks) {
        paths.emplace_back(path);
    }
}

SpanSource::SpanSource(const Transaction& transaction, const Facts& facts, const PreparedConvention& prepared)
    : transaction_(transaction), facts_(facts), prepared_(prepared), fields_(prepared.paths) {
    transaction.exchange->write_fields(fields_);
}

const std::vector<FieldValue>& SpanSource::values(std::string_view path) const {
    static const std::vector<FieldValue> none;
    const auto found = std::ranges::find(prepared_.paths, path);
    return found != prepared_.paths.end()
               ? fields_.values(static_cast<std::size_t>(found - prepared_.paths.begin()))
               : none;
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
    const auto rules = prepared_.convention->rules;
    for (std::size_t i = 0; i < rules.size(); ++i) {
        // Of fields that mean the same, the request's come first.
        if (const auto& all = fields_.values(i); !all.empty() && !span.has(rules[i].attribute)) {
            span.add(rules[i].attribute, formed(all, rules[i].form));
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
    span.add_known("server.address", name.empty() ? to_string(server.address) : name);
    if (const std::uint16_t known = port != 0 ? port : server.port; known != 0) {
        span.add("server.port", std::int64_t{known});
    }
}

}  // namespace sslsniff
