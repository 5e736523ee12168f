#include "protocols/postgresql/report.h"

#include <algorithm>
#include <array>

#include "base/number.h"
#include "protocols/byte_reader.h"

namespace sslsniff::postgresql {
namespace {

struct Field {
    char type;
    std::string_view name;
};

/// Of those that have a name in docs/json.md. `V` is `S`, not translated.
constexpr auto kFields = std::to_array<Field>({
    {'V', "severity"},
    {'D', "detail"},
    {'H', "hint"},
    {'W', "where"},
    {'s', "schema"},
    {'t', "table"},
    {'c', "column"},
    {'d', "data_type"},
    {'n', "constraint"},
});

/// Classes of SQLSTATE by which the server says that it, or what happens beside the request, is at fault
/// (https://www.postgresql.org/docs/18/errcodes-appendix.html).
Outcome outcome_of(ByteView code) {
    constexpr auto kServer =
        std::to_array<std::string_view>({"08", "40", "53", "54", "55", "57", "58", "F0", "HV", "XX"});
    return std::ranges::find(kServer, code.substr(0, 2)) == kServer.end() ? Outcome::client_error
                                                                          : Outcome::server_error;
}

}  // namespace

sql::Error parse_report(ByteView body) {
    sql::Error error;
    ByteReader reader(body);
    while (reader.left() > 1) {
        const char type = static_cast<char>(reader.u8());
        const ByteView text = reader.good() ? reader.c_string() : ByteView();
        if (type == 'C') {
            error.code = text;
        } else if (type == 'M') {
            error.message = text;
        } else if (type == 'P') {
            if (const auto position = parse_number<std::int64_t>(text)) {
                error.more.push_back({"position", *position});
            }
        } else if (const auto* field = std::ranges::find(kFields, type, &Field::type);
                   field != kFields.end() && sql::find_attribute(error.more, field->name) == nullptr) {
            sql::add_text(error.more, field->name, text);
        }
    }
    error.outcome = outcome_of(error.code);
    return error;
}

}  // namespace sslsniff::postgresql
