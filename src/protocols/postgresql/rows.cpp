#include "protocols/postgresql/rows.h"

#include <algorithm>

#include "base/number.h"
#include "protocols/byte_reader.h"

namespace sslsniff::postgresql {

std::shared_ptr<const sql::Columns> read_columns(const Message& message) {
    if (!message.whole()) {
        return nullptr;
    }
    ByteReader reader(message.body);
    const auto count = reader.be<std::uint16_t>();
    auto columns = std::make_shared<sql::Columns>();
    for (std::uint16_t i = 0; i < count && reader.good(); ++i) {
        sql::Column column;
        column.name = reader.c_string();
        reader.be<std::uint32_t>();  // table
        reader.be<std::uint16_t>();  // and its column
        column.type = reader.be<std::uint32_t>();
        column.type_name = type_name(column.type);
        reader.be<std::uint16_t>();  // size of the type
        reader.be<std::uint32_t>();  // modifier
        column.format = reader.be<std::uint16_t>();
        if (reader.good()) {
            columns->push_back(std::move(column));
        }
    }
    return reader.good() ? columns : nullptr;
}

sql::Values read_row(ByteView body, const sql::Columns* columns,
                     const std::optional<std::vector<std::uint16_t>>& formats, std::size_t max) {
    constexpr std::uint32_t kNull = 0xFFFFFFFF;
    constexpr std::uint16_t kUnknown = 2;
    ByteReader reader(body);
    const auto count = reader.be<std::uint16_t>();
    sql::Values row;
    for (std::size_t i = 0; i < count && reader.good(); ++i) {
        const auto size = reader.be<std::uint32_t>();
        if (!reader.good()) {
            break;
        }
        if (size == kNull) {
            row.push_back(sql::null_value());
            continue;
        }
        const bool described = columns != nullptr && i < columns->size();
        std::uint16_t format = described ? static_cast<std::uint16_t>((*columns)[i].format) : kUnknown;
        if (formats) {
            format = formats->empty()       ? std::uint16_t{0}
                     : formats->size() == 1 ? formats->front()
                     : i < formats->size()  ? (*formats)[i]
                                            : kUnknown;
        }
        const bool cut = size > reader.left();
        const ByteView wire = cut ? reader.rest() : reader.bytes(size);
        const std::uint32_t type = described && !cut ? (*columns)[i].type : 0;
        row.push_back(format == kUnknown
                          ? sql::make_value(sql::Value::Kind::bytes, wire, max)
                          : decode_value(wire, type, format == 1 ? Format::binary : Format::text, max));
        row.back().size = cut ? std::max<std::uint64_t>(size, row.back().size) : row.back().size;
        max -= std::min(max, row.back().text.size());
    }
    return row;
}

std::shared_ptr<const sql::Values> decode_parameters(const std::vector<RawValue>& values,
                                                     const std::vector<std::uint32_t>& types) {
    if (values.empty()) {
        return nullptr;
    }
    auto out = std::make_shared<sql::Values>();
    out->reserve(values.size());
    for (std::size_t i = 0; i < values.size(); ++i) {
        const RawValue& raw = values[i];
        if (raw.null) {
            out->push_back(sql::null_value());
            continue;
        }
        const std::uint32_t type = i < types.size() ? types[i] : 0;
        const bool whole = raw.bytes.size() == raw.size;
        // Part of a number is none.
        out->push_back(decode_value(raw.bytes, whole ? type : 0, raw.format, raw.bytes.size() + 4096));
        out->back().size = std::max(out->back().size, whole ? 0 : raw.size);
    }
    return out;
}

std::optional<std::uint64_t> count_of(ByteView tag) {
    const std::size_t blank = tag.rfind(' ');
    return blank == ByteView::npos ? std::nullopt : parse_number<std::uint64_t>(tag.substr(blank + 1));
}

}  // namespace sslsniff::postgresql
