#include "protocols/postgresql/requests.h"

#include <fmt/format.h>

#include <algorithm>

#include "protocols/byte_reader.h"

namespace sslsniff::postgresql {
namespace {

constexpr std::uint32_t kNull = 0xFFFFFFFF;
/// Of a message whose types or values are not worth keeping all.
constexpr std::size_t kMaxKept = 4096;

std::vector<std::uint16_t> read_formats(ByteReader& reader) {
    std::vector<std::uint16_t> formats;
    for (std::uint16_t left = reader.be<std::uint16_t>(); left != 0 && reader.good(); --left) {
        formats.push_back(reader.be<std::uint16_t>());
    }
    return formats;
}

/// No code: all text; one: for all of them.
std::uint16_t format_of(const std::vector<std::uint16_t>& formats, std::size_t index) {
    if (formats.empty()) {
        return 0;
    }
    return formats.size() == 1 ? formats.front() : index < formats.size() ? formats[index] : std::uint16_t{0};
}

}  // namespace

void read_startup(ByteView body, sql::SqlExchange::Request& request) {
    ByteReader reader(body);
    const auto code = reader.be<std::uint32_t>();
    Bytes settings;
    ByteView user;
    ByteView database;
    while (reader.left() > 1) {
        const ByteView name = reader.c_string();
        const ByteView value = reader.c_string();
        if (name == "user") {
            user = value;
        } else if (name == "database") {
            database = value;
        } else if (name == "application_name" || name == "replication") {
            const std::string_view known = name == "replication" ? "replication" : "application_name";
            if (sql::find_attribute(request.attributes, known) == nullptr) {
                sql::add_text(request.attributes, known, value);
            }
        } else if (!name.empty()) {
            settings += fmt::format("{}{}={}", settings.empty() ? "" : " ", name, value);
        }
    }
    sql::add_text(request.attributes, "user", user);
    sql::add_text(request.attributes, "database", database.empty() ? user : database);
    sql::add_text(request.attributes, "settings", settings);
    sql::add_text(request.attributes, "protocol_version", fmt::format("{}.{}", code >> 16U, code & 0xFFFFU));
    request.title = fmt::format("startup {}@{}", user, database.empty() ? user : database);
}

Parse read_parse(ByteView body) {
    ByteReader reader(body);
    Parse parse;
    parse.name = reader.c_string();
    if (body.find('\0', parse.name.size() + 1) == ByteView::npos) {
        parse.statement = reader.rest();  // cut
        return parse;
    }
    parse.statement = reader.c_string();
    const std::size_t count = std::min<std::size_t>(reader.be<std::uint16_t>(), kMaxKept);
    for (std::size_t i = 0; i < count && reader.good(); ++i) {
        parse.types.push_back(reader.be<std::uint32_t>());
    }
    return parse;
}

Bind read_bind(ByteView body, std::size_t max) {
    ByteReader reader(body);
    Bind bind;
    bind.portal = reader.c_string();
    bind.statement = reader.c_string();
    const std::vector<std::uint16_t> formats = read_formats(reader);
    bind.value_count = reader.be<std::uint16_t>();
    for (std::size_t i = 0; i < bind.value_count && reader.good(); ++i) {
        RawValue value;
        const auto size = reader.be<std::uint32_t>();
        value.null = size == kNull;
        value.format = format_of(formats, i) == 1 ? Format::binary : Format::text;
        if (!reader.good()) {
            break;
        }
        if (!value.null) {
            value.size = size;
            value.cut = size > reader.left();
            const ByteView bytes = value.cut ? reader.rest() : reader.bytes(size);
            value.bytes = bytes.substr(0, max);
            max -= value.bytes.size();
        }
        if (bind.values.size() < kMaxKept) {
            bind.values.push_back(std::move(value));
        }
    }
    if (reader.good()) {
        auto columns = read_formats(reader);
        if (reader.good()) {
            bind.formats = std::move(columns);
        }
    }
    return bind;
}

Named read_named(ByteView body) {
    if (body.empty()) {
        return {};
    }
    ByteReader reader(body.substr(1));
    return {body.front(), reader.c_string()};
}

}  // namespace sslsniff::postgresql
