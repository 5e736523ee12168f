#include <fmt/format.h>

#include <algorithm>
#include <array>
#include <cstddef>

#include "output/otlp/span_convention.h"
#include "output/stat/folding.h"

namespace sslsniff {
namespace {

using Form = FieldRule::Form;

// docs/db/postgresql.md, mysql.md; "error.code" is SQLSTATE of PostgreSQL, a number of MySQL.
constexpr auto kSqlRules = std::to_array<FieldRule>({
    {"request.statement", "db.query.text", Form::statement},
    {"request.operation", "db.operation.name"},
    {"request.table", "db.collection.name"},
    {"request.database", "db.namespace"},
    {"request.batch_size", "db.operation.batch.size"},
    {"response.error.code", "db.response.status_code", Form::text},
    {"response.row_count", "db.response.returned_rows"},
});
constexpr auto kCqlRules = std::to_array<FieldRule>({
    {"request.statement", "db.query.text", Form::statement},
    {"request.operation", "db.operation.name"},
    {"request.table", "db.collection.name"},
    {"request.keyspace", "db.namespace"},
    {"request.consistency", "cassandra.consistency.level"},
    {"request.page_size_rows", "cassandra.page.size"},
    {"request.statement_count", "db.operation.batch.size"},
    {"response.error.number", "db.response.status_code", Form::text},
    {"response.row_count", "db.response.returned_rows"},
});
// docs/db/redis.md
constexpr auto kRedisRules = std::to_array<FieldRule>({{"response.error.code", "db.response.status_code"}});
constexpr auto kRedisLooks =
    std::to_array<std::string_view>({"request.args", "request.arg_count", "request.keys"});
// docs/db/mongodb.md
constexpr auto kMongodbRules = std::to_array<FieldRule>({
    {"request.database", "db.namespace"},
    {"request.collection", "db.collection.name"},
    {"response.error.number", "db.response.status_code", Form::text},
    {"request.sequence.count", "db.operation.batch.size"},
});
constexpr auto kMemcachedRules = std::to_array<FieldRule>({
    {"response.status_code", "db.response.status_code", Form::text},
});
constexpr auto kMemcachedLooks =
    std::to_array<std::string_view>({"request.command", "request.key", "request.keys"});

void complete_database(const SpanSource& source, std::string_view target, Span& span) {
    const std::string& operation = source.facts().operation;
    span.attributes.add("db.system.name", source.system());
    add_server(source, {}, span);
    span.name = operation.empty() ? std::string(source.system())
                : target.empty()  ? operation
                                  : fmt::format("{} {}", operation, target);
}

void complete_sql(const SpanSource& source, Span& span) {
    const std::string summary(source.text("request.operation"));
    const ByteView table = source.text("request.table");
    complete_database(source, table, span);
    if (!summary.empty()) {
        span.attributes.add("db.query.summary",
                            table.empty() ? summary : fmt::format("{} {}", summary, table));
    }
}

/// The command with its keys; "?" for all other words, which may be anything.
Bytes redis_text(const SpanSource& source) {
    constexpr std::size_t kMostWords = 16;
    const auto& keys = source.values("request.keys");
    const auto& words = source.values("request.args");
    Bytes out(source.facts().operation);
    for (std::size_t i = 0; i < std::min(words.size(), kMostWords); ++i) {
        const auto* word = std::get_if<Bytes>(&words[i]);
        const bool is_key = std::ranges::find(keys, words[i]) != keys.end();
        out += is_key && word != nullptr ? " " + *word : " ?";
    }
    const auto all = source.number("request.arg_count", static_cast<std::int64_t>(words.size()));
    return out + (all > static_cast<std::int64_t>(kMostWords) ? " …" : "");
}

void complete_redis(const SpanSource& source, Span& span) {
    complete_database(source, {}, span);
    span.attributes.add_known("db.operation.name", source.facts().operation);
    if (!source.facts().operation.empty()) {
        span.attributes.add("db.query.text", redis_text(source));
    }
}

void complete_mongodb(const SpanSource& source, Span& span) {
    complete_database(source, source.text("request.collection"), span);
    span.attributes.add_known("db.operation.name", source.facts().operation);
}

void complete_memcached(const SpanSource& source, Span& span) {
    complete_database(source, {}, span);
    const ByteView command = source.text("request.command");
    span.attributes.add_known("db.operation.name", command);
    Bytes text(command);
    const auto& keys =
        source.has("request.key") ? source.values("request.key") : source.values("request.keys");
    for (const FieldValue& key : keys) {
        const auto* name = std::get_if<Bytes>(&key);
        text += name != nullptr ? " " + *name : Bytes();
    }
    span.attributes.add_known("db.query.text", text);
}

constexpr auto kConventions = std::to_array<SpanConvention>({
    {"postgresql", "postgresql", kSqlRules, {}, complete_sql},
    {"mysql", "mysql", kSqlRules, {}, complete_sql},
    {"cql", "cassandra", kCqlRules, {}, complete_sql},
    {"redis", "redis", kRedisRules, kRedisLooks, complete_redis},
    {"mongodb", "mongodb", kMongodbRules, {}, complete_mongodb},
    {"memcached", "memcached", kMemcachedRules, kMemcachedLooks, complete_memcached},
});

}  // namespace

std::span<const SpanConvention> database_conventions() {
    return kConventions;
}

}  // namespace sslsniff
