// docs/json.md is what consumers program against: its examples must be true, and nothing may be missing from
// it.
#include <gtest/gtest.h>

#include <fstream>
#include <iterator>
#include <set>
#include <sstream>
#include <string>

#include "output/json/json_sink.h"
#include "support/fake_exchange.h"
#include "support/flat_json.h"
#include "support/sample_body.h"
#include "support/sample_connection.h"

namespace sslsniff {
namespace {

using test::at_us;

std::string documentation(const std::string& name = "json.md") {
    std::ifstream file(std::string(SSLSNIFF_FIXTURES) + "/../../docs/" + name);
    return {std::istreambuf_iterator<char>(file), {}};
}

/// Words in backticks.
std::set<std::string> documented_names(const std::string& page) {
    std::set<std::string> names;
    const std::string text = documentation(page);
    for (std::size_t open = text.find('`'); open != std::string::npos;) {
        const std::size_t close = text.find('`', open + 1);
        if (close == std::string::npos) {
            break;
        }
        names.insert(text.substr(open + 1, close - open - 1));
        open = text.find('`', close + 1);
    }
    return names;
}

std::set<std::string> example_types() {
    std::set<std::string> types;
    std::istringstream text(documentation());
    for (std::string line; std::getline(text, line);) {
        if (line.starts_with('{')) {
            const auto json = test::parse_json(line);
            EXPECT_TRUE(json.valid) << line;
            types.insert(json["type"]);
        }
    }
    return types;
}

TEST(JsonDocumentation, HasAnExampleOfEachType) {
    EXPECT_EQ(example_types(),
              (std::set<std::string>{"transaction", "connection", "loss", "summary", "(absent)"}));
}

/// All names of an enumeration.
template <class Enum>
std::set<std::string> names_of() {
    std::set<std::string> names;
    for (int value = 0; to_string(static_cast<Enum>(value)) != "?"; ++value) {
        names.emplace(to_string(static_cast<Enum>(value)));
    }
    return names;
}

TEST(Documentation, NamesEveryValue) {
    for (const char* page : {"json.md", "trace_format.md"}) {
        const std::set<std::string> documented = documented_names(page);
        for (const auto& names : {names_of<LossCause>(), names_of<CloseReason>(), names_of<Role>(),
                                  names_of<Carrier>(), names_of<Transport>(), names_of<Correlation>()}) {
            for (const std::string& name : names) {
                EXPECT_TRUE(documented.contains(name)) << page << " does not mention `" << name << '`';
            }
        }
    }
}

TEST(JsonDocumentation, NamesEveryFieldThatTheSinkWrites) {
    MemoryOutputStream out;
    JsonSink sink(out);
    ConnectionInfo connection = test::sample_connection();
    connection.tls = {"l", "v", "c", "s", "a", {"h2"}, Duration(1), true, "e", "n"};
    connection.endpoints.socket_cookie = connection.endpoints.netns = 1;
    ProcessInfo process = *connection.process;
    process.container_id = "c";
    process.container = {"r", "n", "i", "p", "s"};
    connection.process = std::make_shared<const ProcessInfo>(process);
    auto exchange = std::make_unique<test::FakeExchange>();
    exchange->fields = [](FieldWriter& writer) {
        writer.body("body", test::sample_body(9, "text", "", "", 1));
        Body other = test::sample_body(9, "\xff", "", "", 1);
        other.json = "{}";
        writer.body("body2", other);
    };
    sink.on_transaction(
        {connection, {at_us(0), at_us(1), at_us(2), at_us(3)}, {.reason = "r"}, std::move(exchange)});
    StreamTotals totals;
    totals.first_bytes = "x";
    sink.on_connection({connection, at_us(1), CloseReason::freed, "", 0, totals, totals});
    sink.on_connection({connection, at_us(1), CloseReason::freed, "h2", 0, totals, totals});
    sink.on_loss({at_us(0), LossCause::fault, 1, 1});
    CaptureSummary summary;
    summary.started = at_us(0);
    summary.losses = {{}};
    sink.on_summary(summary);

    const std::set<std::string> documented = documented_names("json.md");
    std::istringstream lines(out.bytes());
    std::size_t keys = 0;
    for (std::string line; std::getline(lines, line);) {
        for (const std::string& key : test::parse_json(line).keys) {
            EXPECT_TRUE(key == "body2" || documented.contains(key))
                << "docs/json.md does not mention `" << key << '`';
            ++keys;
        }
    }
    EXPECT_GT(keys, 80U);
}

}  // namespace
}  // namespace sslsniff
