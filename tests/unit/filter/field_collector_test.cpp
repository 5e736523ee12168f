#include "filter/field_collector.h"

#include <gtest/gtest.h>

#include <initializer_list>
#include <optional>
#include <string_view>
#include <vector>

namespace sslsniff {
namespace {

FieldPaths paths(std::initializer_list<std::string_view> all) {
    FieldPaths paths;
    for (const std::string_view path : all) {
        paths.add(path);
    }
    return paths;
}

void write_header(FieldWriter& writer, std::string_view name, ByteView value) {
    writer.begin_object({});
    writer.text("name", name);
    writer.text("value", value);
    writer.end_object();
}

void write_request(FieldWriter& writer) {
    writer.begin_object("request");
    writer.text("method", "GET");
    writer.begin_array("headers");
    write_header(writer, "X.Y.Z", "dots");
    write_header(writer, "Accept", "a");
    write_header(writer, "ACCEPT", "b");
    writer.end_array();
    writer.begin_array("numbers");
    writer.number("", std::int64_t{1});
    writer.number("", std::int64_t{2});
    writer.end_array();
    writer.end_object();
    writer.text("method", "of nobody");
}

std::vector<FieldValue> texts(std::initializer_list<const char*> all) {
    std::vector<FieldValue> values;
    for (const char* text : all) {
        values.emplace_back(Bytes(text));
    }
    return values;
}

TEST(FieldPaths, KnowWhatWasAdded) {
    FieldPaths found = paths({"a.b", "a", "a.b.c", "a.b"});
    EXPECT_EQ(found.size(), 4U);
    EXPECT_EQ(found.index_of("a"), 1U);
    EXPECT_EQ(found.index_of("a.b"), 0U);
    EXPECT_EQ(found.index_of("a.b.c"), 2U);
    for (const std::string_view none : {"", "b", "a.c", "a.b.c.d", "."}) {
        EXPECT_EQ(found.index_of(none), std::nullopt) << none;
    }
    EXPECT_TRUE(FieldPaths().empty());
}

TEST(FieldCollector, KeepsWhatIsWantedAlone) {
    const FieldPaths wanted = paths({"request.method", "request.headers.accept", "request.headers.x.y.z",
                                     "request.numbers", "method", "request.method", "response.status"});
    FieldCollector fields(wanted);
    for (int round = 0; round < 2; ++round) {
        write_request(fields);
        EXPECT_EQ(fields.values(0), texts({"GET"}));
        EXPECT_EQ(fields.values(1), texts({"a", "b"}));
        EXPECT_EQ(fields.values(2), texts({"dots"}));
        EXPECT_EQ(fields.values(3), (std::vector<FieldValue>{std::int64_t{1}, std::int64_t{2}}));
        EXPECT_EQ(fields.values(4), texts({"of nobody"}));
        EXPECT_EQ(fields.values(5), fields.values(0)) << "asked for twice";
        EXPECT_TRUE(fields.values(6).empty());
        fields.clear();
        EXPECT_TRUE(fields.values(0).empty());
    }
}

TEST(FieldCollector, TakesNoValueForAHeaderOfAnotherObject) {
    const FieldPaths wanted = paths({"headers.accept", "headers.value"});
    FieldCollector fields(wanted);
    fields.begin_array("headers");
    fields.begin_object({});
    fields.text("name", "accept");
    fields.end_object();
    fields.begin_object({});
    fields.text("value", "x");
    fields.end_object();
    fields.end_array();
    EXPECT_TRUE(fields.values(0).empty());
    EXPECT_EQ(fields.values(1), texts({"x"}));
}

}  // namespace
}  // namespace sslsniff
