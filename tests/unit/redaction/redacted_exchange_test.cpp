#include "redaction/redacted_exchange.h"

#include <gtest/gtest.h>

#include <string>
#include <vector>

#include "support/deflate.h"
#include "support/fake_exchange.h"

namespace sslsniff {
namespace {

/// Fields as "path=value", lines as they are.
class Seen final : public FieldWriter, public DetailWriter {
  public:
    void begin_object(std::string_view) override {}
    void end_object() override {}
    void begin_array(std::string_view) override {}
    void end_array() override {}
    void text(std::string_view key, ByteView bytes) override {
        all.push_back(std::string(key) + "=" + std::string(bytes));
    }
    void number(std::string_view, std::int64_t) override {}
    void number(std::string_view, double) override {}
    void boolean(std::string_view, bool) override {}
    void null(std::string_view) override {}
    void body(std::string_view, const Body& body) override { bodies.push_back(body); }
    void line(char, ByteView text) override { all.emplace_back(text); }
    void body(char, const Body& body) override { bodies.push_back(body); }

    std::vector<std::string> all;
    std::vector<Body> bodies;
};

class RedactedExchangeTest : public testing::Test {
  protected:
    Seen fields(const RedactionOptions& options = {}) {
        Seen seen;
        redact(options)->write_fields(seen);
        return seen;
    }
    Seen details(const RedactionOptions& options = {}) {
        Seen seen;
        redact(options)->write_details(seen);
        return seen;
    }
    std::unique_ptr<RedactedExchange> redact(const RedactionOptions& options = {}) {
        auto made = Redactor::create(options);
        EXPECT_TRUE(made.has_value());
        redactor = *made;
        // Borrowed from the test.
        return std::make_unique<RedactedExchange>(
            std::shared_ptr<const Exchange>(std::shared_ptr<void>(), &exchange), *redactor);
    }

    test::FakeExchange exchange;
    std::shared_ptr<const Redactor> redactor;
};

void header(FieldWriter& writer, std::string_view name, std::string_view value) {
    writer.begin_object({});
    writer.text("name", name);
    writer.text("value", value);
    writer.end_object();
}

TEST_F(RedactedExchangeTest, HeaderFieldsAndUrls) {
    exchange.text.request = "GET https://a.example/x?token=abc HTTP";
    exchange.said.target = "https://a.example/x?token=abc";
    exchange.fields = [](FieldWriter& writer) {
        writer.begin_object("request");
        writer.text("url", "https://a.example/x?token=abc");
        writer.begin_array("headers");
        header(writer, "Authorization", "Bearer abc");
        header(writer, "Accept", "*/*");
        header(writer, "Referer", "https://b.example/?code=1");
        writer.end_array();
        writer.text("value", "Bearer abc");
        writer.end_object();
    };
    exchange.lines = {{'>', "Cookie: id=abc"}, {'>', "Accept: */*"}, {'*', "see /x?sig=abc now"}};
    EXPECT_EQ(fields().all, (std::vector<std::string>{
                                "url=https://a.example/x?token=<redacted 3 bytes>", "name=Authorization",
                                "value=Bearer <redacted 3 bytes>", "name=Accept", "value=*/*", "name=Referer",
                                "value=https://b.example/?code=<redacted 1 byte>", "value=Bearer abc"}));
    EXPECT_EQ(details().all, (std::vector<std::string>{"Cookie: id=<redacted 3 bytes>", "Accept: */*",
                                                       "see /x?sig=<redacted 3 bytes> now"}));
    EXPECT_EQ(redact()->summary().request, "GET https://a.example/x?token=<redacted 3 bytes> HTTP");
    EXPECT_EQ(redact()->facts().target, "https://a.example/x?token=<redacted 3 bytes>");
}

Body body_of(std::string bytes, std::string type, std::string coding = {}) {
    Body body;
    body.size = bytes.size();
    body.captured = std::move(bytes);
    body.content_type = std::move(type);
    body.content_encoding = std::move(coding);
    return body;
}

TEST_F(RedactedExchangeTest, Bodies) {
    const std::string json = R"({"password":"geheim"})";
    const std::string clean = R"({"password":"<redacted 6 bytes>"})";
    const std::string form = "a=1&password=geheim";
    exchange.bodies = {{'<', body_of(json, "application/json")},
                       {'<', body_of(json, "")},
                       {'<', body_of(test::deflated(json, 31), "application/json", "gzip")},
                       {'<', body_of(form, "application/x-www-form-urlencoded")},
                       {'<', body_of(form, "text/plain")},
                       {'<', body_of("", "application/json")}};
    const Seen seen = details();
    ASSERT_EQ(seen.bodies.size(), 6U);
    for (const std::size_t index : {0U, 1U, 2U}) {
        EXPECT_EQ(seen.bodies[index].captured, clean) << index;
        EXPECT_EQ(seen.bodies[index].content_encoding, "");
        EXPECT_FALSE(seen.bodies[index].truncated());
    }
    EXPECT_EQ(seen.bodies[3].captured, "a=1&password=<redacted 6 bytes>");
    EXPECT_EQ(seen.bodies[4].captured, form);
}

TEST_F(RedactedExchangeTest, CutBodiesStayCut) {
    Body body = body_of(R"({"password":"gehe)", "application/json");
    body.size += 100;
    exchange.bodies = {{'<', body}};
    const Seen seen = details();
    EXPECT_EQ(seen.bodies.at(0).size - seen.bodies.at(0).captured.size(), 100U);
}

TEST_F(RedactedExchangeTest, RulesOfTheUser) {
    exchange.fields = [](FieldWriter& writer) {
        writer.begin_object("request");
        writer.text("statement", "SELECT 4111111111111111");
        writer.text("user", "bob");
        writer.begin_array("headers");
        header(writer, "X-Own", "abc");
        writer.end_array();
        writer.body("body", body_of("card 4111111111111111", "text/plain"));
        writer.end_object();
    };
    const Seen seen = fields({.rules = {"header:x-own", "field:request.user", "[0-9]{16}"}});
    EXPECT_EQ(seen.all, (std::vector<std::string>{"statement=SELECT <redacted>", "user=<redacted 3 bytes>",
                                                  "name=X-Own", "value=<redacted 3 bytes>"}));
    EXPECT_EQ(seen.bodies.at(0).captured, "card <redacted>");
    EXPECT_EQ(fields({.rules = {}, .bodies = false}).bodies.at(0).captured, "");
    EXPECT_EQ(fields({.rules = {}, .bodies = false}).bodies.at(0).size, 21U);
}

TEST(Redactor, SaysWhatIsWrongWithARule) {
    EXPECT_FALSE(Redactor::create({.rules = {"("}}).has_value());
    EXPECT_FALSE(Redactor::create({.rules = {"header:"}}).has_value());
    EXPECT_FALSE(Redactor::create({.rules = {"x*"}}).has_value());
}

TEST(Redactor, WellKnownNamesCanBeShown) {
    const auto made = Redactor::create({.rules = {"abc"}}, Redactor::WellKnown::show);
    ASSERT_TRUE(made.has_value());
    EXPECT_EQ((*made)->header("Authorization", "Bearer abc"), "Bearer <redacted>");
    EXPECT_EQ((*made)->url("/x?token=def"), std::nullopt);
}

TEST(Redactor, LoginsOfUnknownProtocols) {
    const auto made = Redactor::create({});
    ASSERT_TRUE(made.has_value());
    EXPECT_EQ((*made)->unknown("AUTH geheim\r\n"), "AUTH <redacted 6 bytes>\r\n");
    EXPECT_EQ((*made)->unknown("USER bob\r\npass x y"), "USER bob\r\npass <redacted 3 bytes>");
    EXPECT_EQ((*made)->unknown("AUTHOR x\n"), std::nullopt);
    EXPECT_EQ((*made)->unknown(""), std::nullopt);
}

}  // namespace
}  // namespace sslsniff
