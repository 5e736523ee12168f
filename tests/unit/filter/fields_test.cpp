#include "filter/field_table.h"

#include <gtest/gtest.h>

#include <filesystem>
#include <fstream>
#include <map>
#include <memory>
#include <set>
#include <string>

#include "filter/where_filter.h"
#include "protocols/protocol.h"
#include "support/fake_exchange.h"
#include "support/flat_json.h"
#include "support/sample_connection.h"

namespace sslsniff {
namespace {

/// The path of a value in JSON as --where calls it: without array indices and units.
std::string field_name(std::string path) {
    std::string out;
    for (std::size_t i = 0; i < path.size(); ++i) {
        if (path[i] == '[') {
            i = path.find(']', i);
        } else {
            out += path[i];
        }
    }
    const auto drop = [&](std::string_view suffix, std::string_view with = "") {
        if (out.ends_with(suffix)) {
            out.replace(out.size() - suffix.size(), suffix.size(), with);
        }
    };
    drop("_us");
    drop("_base64");
    drop(".base64", ".text");
    return out;
}

TEST(Fields, KnowsAllThatFixturesHave) {
    const FieldTable table(protocol_fields());
    std::set<std::string> unknown;
    std::size_t lines = 0;
    for (const auto& entry : std::filesystem::directory_iterator(SSLSNIFF_FIXTURES)) {
        if (entry.path().extension() != ".jsonl") {
            continue;
        }
        std::ifstream file(entry.path());
        for (std::string line; std::getline(file, line);) {
            const test::FlatJson fields = test::parse_json(line);
            if (fields["type"] != "transaction") {
                continue;
            }
            ++lines;
            for (const auto& [path, value] : fields.values) {
                const std::string name = field_name(path);
                // The rendering of bodies, and values without end, are not for comparisons.
                const bool skipped =
                    value == "{}" || value == "[]" || name == "schema" || name == "type" || name == "time" ||
                    name.starts_with("response.value") || name.ends_with(".truncated") ||
                    test::names_of_peers(path) != std::string::npos ||
                    name.find(".body.") != std::string::npos || name.find(".decoded.") != std::string::npos;
                if (!skipped && !table.find(name)) {
                    unknown.insert(name);
                }
            }
        }
    }
    EXPECT_GT(lines, 10U);
    EXPECT_TRUE(unknown.empty()) << testing::PrintToString(unknown);
}

/// A field that several protocols have is the same field in all of them.
TEST(Fields, SharedFieldsAreAlike) {
    std::map<std::string_view, FieldSpec> known;
    std::map<std::string_view, std::string_view> paths;
    for (const std::span<const FieldSpec> fields : protocol_fields()) {
        for (const FieldSpec& field : fields) {
            EXPECT_EQ(known.try_emplace(field.path, field).first->second.type, field.type) << field.path;
            if (!field.short_name.empty()) {
                EXPECT_EQ(paths.try_emplace(field.short_name, field.path).first->second, field.path)
                    << field.short_name;
            }
        }
    }
}

TEST(Fields, ContainersAreCalledByNameAndId) {
    ConnectionInfo connection = test::sample_connection();
    ProcessInfo process = *connection.process;
    process.container_id = std::string(64, 'a');
    process.container.name = "web";
    connection.process = std::make_shared<const ProcessInfo>(process);
    const Transaction transaction{connection, {}, {}, std::make_unique<test::FakeExchange>()};
    for (const char* name : {"web", "aaaaaaaaaaaa", process.container_id.c_str()}) {
        const auto filter =
            WhereFilter::parse(std::string("container = ") + name, FieldTable(protocol_fields()));
        ASSERT_TRUE(filter);
        EXPECT_TRUE(filter->matches(transaction)) << name;
    }
    for (const char* name : {"we", "aaaa", "db"}) {
        EXPECT_FALSE(WhereFilter::parse(std::string("container = ") + name, FieldTable(protocol_fields()))
                         ->matches(transaction))
            << name;
    }
}

TEST(Fields, NamesAreUnique) {
    std::set<std::string_view> names;
    const FieldTable table(protocol_fields());
    for (const FieldSpec& field : table.fields()) {
        EXPECT_TRUE(names.insert(field.path).second) << field.path;
        EXPECT_TRUE(field.short_name.empty() || names.insert(field.short_name).second) << field.short_name;
    }
}

}  // namespace
}  // namespace sslsniff
