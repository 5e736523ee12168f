#include "protocols/mysql/statements.h"

#include <algorithm>
#include <utility>

#include "base/memory.h"

namespace sslsniff::mysql {
namespace {

/// Of one session. What is forgotten is shown as unknown.
constexpr std::size_t kMaxStatements = 4096;
constexpr std::size_t kMaxHeld = std::size_t{1} << 20U;
constexpr std::size_t kMaxParameters = 65'535;

Type take_type(ByteReader& reader) {
    constexpr std::uint8_t kUnsigned = 0x80;
    const std::uint8_t number = reader.u8();
    return {number, (reader.u8() & kUnsigned) != 0};
}

bool is_null(ByteView bitmap, std::size_t index) {
    return index / 8 < bitmap.size() &&
           (static_cast<std::uint8_t>(bitmap[index / 8]) >> (index % 8) & 1U) != 0;
}

sql::Value unknown() {
    return {sql::Value::Kind::unknown, {}, 0};
}

struct Bound {
    ByteView nulls;
    std::vector<Type> types;
    std::vector<ByteView> names;  ///< with query attributes
};

/// Null bitmap, whether types follow, and they. False when no types are known.
bool take_binding(ByteReader& reader, std::size_t count, bool named, Bound& bound) {
    bound.nulls = reader.bytes((count + 7) / 8);
    if (reader.u8() != 1) {
        return false;
    }
    bound.types.clear();
    for (std::size_t i = 0; i < count && reader.good(); ++i) {
        bound.types.push_back(take_type(reader));
        if (named) {
            bound.names.push_back(take_text(reader));
        }
    }
    return reader.good();
}

}  // namespace

void Statements::measure(Prepared& prepared) {
    constexpr std::size_t kEntry = 256;
    std::size_t held = kEntry + (prepared.statement ? prepared.statement->held() : 0) +
                       heap_bytes(prepared.types) + (prepared.columns ? sql::held_by(*prepared.columns) : 0);
    for (const auto& [parameter, value] : prepared.long_data) {
        held += 2 * sizeof(value) + heap_bytes(value.text);
    }
    total_.measure(prepared, held);
}

Prepared& Statements::define(std::uint32_t id, Prepared prepared) {
    close(id);
    if (statements_.size() >= kMaxStatements || total_.bytes() > kMaxHeld) {
        clear();
    }
    latest_ = id;
    Prepared& kept = statements_.insert_or_assign(id, std::move(prepared)).first->second;
    measure(kept);
    return kept;
}

Prepared* Statements::find(std::uint32_t id) {
    const auto found = statements_.find(id == kLatest ? latest_ : id);
    return found == statements_.end() ? nullptr : &found->second;
}

Prepared& Statements::at(std::uint32_t id) {
    if (Prepared* const known = find(id)) {
        return *known;
    }
    const std::uint32_t latest = latest_;
    Prepared& fresh = define(id, {});
    latest_ = latest;
    return fresh;
}

void Statements::close(std::uint32_t id) {
    const auto found = statements_.find(id);
    if (found != statements_.end()) {
        total_.leave(found->second);
        statements_.erase(found);
    }
}

void Statements::clear() {
    for (auto& [id, prepared] : statements_) {
        total_.leave(prepared);
    }
    statements_.clear();
}

void read_execute(ByteView body, Prepared& prepared, const Capabilities& capabilities, std::size_t max,
                  sql::SqlExchange::Request& request) {
    constexpr std::uint8_t kCountFollows = 0x08;  // PARAMETER_COUNT_AVAILABLE
    ByteReader reader(body);
    reader.le<std::uint32_t>();
    const std::uint8_t flags = reader.u8();
    reader.le<std::uint32_t>();
    const bool attributes = capabilities.has(kQueryAttributes).value_or(false);
    if (!prepared.parameters && !attributes) {
        if (reader.left() > 0) {
            request.attributes.push_back({"parameters_unknown", true});
        }
        return;
    }
    std::uint64_t count = prepared.parameters.value_or(0);
    const std::uint64_t own = count;
    if (attributes && (flags & kCountFollows) != 0) {
        count = take_number(reader);
    }
    if (count == 0 || count > kMaxParameters || !reader.good()) {
        return;
    }
    Bound bound;
    bound.types = prepared.types;
    const bool given = take_binding(reader, count, attributes, bound);
    if (given) {
        prepared.types = bound.types;
    }
    auto values = std::make_shared<sql::Values>();
    for (std::size_t i = 0; i < count; ++i) {
        if (const auto data = prepared.long_data.find(static_cast<std::uint16_t>(i));
            data != prepared.long_data.end()) {
            values->push_back(data->second);
        } else if (is_null(bound.nulls, i)) {
            values->push_back(sql::null_value());
        } else if (i < bound.types.size() && reader.good()) {
            sql::Value value = take_binary(reader, bound.types[i], max);
            max -= std::min(max, value.text.size());
            values->push_back(reader.good() ? std::move(value) : unknown());
        } else {
            values->push_back(unknown());
        }
    }
    prepared.long_data.clear();
    if (prepared.parameters && own < values->size()) {
        values->resize(own);  // the rest are attributes of the query
    }
    request.parameter_count = values->size();
    request.parameters = values->empty() ? nullptr : std::move(values);
}

void read_bulk_execute(ByteView body, Prepared& prepared, std::size_t max,
                       sql::SqlExchange::Request& request) {
    constexpr std::uint16_t kTypesFollow = 128;
    constexpr std::uint8_t kValueFollows = 0;
    constexpr std::uint8_t kNull = 1;
    ByteReader reader(body);
    reader.le<std::uint32_t>();
    const auto flags = reader.le<std::uint16_t>();
    if (!prepared.parameters || *prepared.parameters == 0) {
        request.attributes.push_back({"parameters_unknown", true});
        return;
    }
    const std::size_t count = *prepared.parameters;
    if ((flags & kTypesFollow) != 0) {
        prepared.types.clear();
        for (std::size_t i = 0; i < count && reader.good(); ++i) {
            prepared.types.push_back(take_type(reader));
        }
    }
    std::int64_t rows = 0;
    auto values = std::make_shared<sql::Values>();
    while (reader.left() > 0 && prepared.types.size() == count) {
        for (std::size_t i = 0; i < count && reader.good(); ++i) {
            const std::uint8_t indicator = reader.u8();
            sql::Value value =
                indicator == kValueFollows ? take_binary(reader, prepared.types[i], max) : sql::null_value();
            if (indicator > kNull) {
                value = sql::make_value(sql::Value::Kind::number, indicator == 2 ? "DEFAULT" : "IGNORE");
            }
            if (rows == 0 && reader.good()) {
                max -= std::min(max, value.text.size());
                values->push_back(std::move(value));
            }
        }
        rows += reader.good() ? 1 : 0;
    }
    request.attributes.push_back({"batch_size", rows});
    request.parameter_count = count;
    request.parameters = std::move(values);
}

ByteView take_query_attributes(ByteView body, const Capabilities& capabilities, std::size_t max,
                               sql::SqlExchange::Request& request) {
    // No statement begins with a control character: where nobody knows, that tells.
    const bool may_have =
        capabilities.has(kQueryAttributes).value_or(!body.empty() && body[0] >= 0 && body[0] < '\t');
    if (!may_have) {
        return body;
    }
    ByteReader reader(body);
    const std::uint64_t count = take_number(reader);
    take_number(reader);  // sets of them: one
    if (count > 0 && count <= kMaxParameters) {
        Bound bound;
        const bool given = take_binding(reader, count, true, bound);
        Bytes text;
        for (std::size_t i = 0; given && i < count && reader.good(); ++i) {
            const sql::Value value =
                is_null(bound.nulls, i) ? sql::null_value() : take_binary(reader, bound.types[i], max);
            text += text.empty() ? "" : ", ";
            text.append(bound.names[i]).append("=");
            sql::append_literal(text, value, 64);
        }
        sql::add_text(request.attributes, "query_attributes", text);
    }
    return reader.good() ? reader.rest() : ByteView();
}

}  // namespace sslsniff::mysql
