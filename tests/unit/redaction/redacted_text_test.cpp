#include "redaction/redacted_text.h"

#include <gtest/gtest.h>

#include <string>

#include "redaction/credential_names.h"

namespace sslsniff {
namespace {

std::string form(ByteView text) {
    return redact_form(text, is_secret_parameter).value_or("(nothing)");
}
std::string url(ByteView text) {
    return redact_url(text, is_secret_parameter).value_or("(nothing)");
}
std::string json(ByteView text) {
    return redact_json(text, is_secret_member).value_or("(nothing)");
}

TEST(CredentialNames, CaseAndSeparatorsDoNotMatter) {
    for (const char* name : {"password", "PASSWORD", "client_secret", "clientSecret", "client-secret",
                             "X-Amz-Signature", "access.token"}) {
        EXPECT_TRUE(is_secret_parameter(name)) << name;
    }
    for (const char* name : {"", "pass", "tokens", "secretary", "page", "_", "max_tokens"}) {
        EXPECT_FALSE(is_secret_parameter(name)) << name;
    }
    EXPECT_TRUE(is_secret_parameter("code"));
    EXPECT_FALSE(is_secret_member("code"));  // of an error, mostly
    for (const char* name : {"authorization", "x-api-key", "X-ClickHouse-Key"}) {
        EXPECT_TRUE(is_secret_header(name)) << name;
    }
    EXPECT_FALSE(is_secret_header("WWW-Authenticate"));
}

TEST(RedactedText, Forms) {
    EXPECT_EQ(form("user=bob&password=geheim&x=1"), "user=bob&password=<redacted 6 bytes>&x=1");
    EXPECT_EQ(form("password="), "(nothing)");
    EXPECT_EQ(form("password"), "(nothing)");
    EXPECT_EQ(form("token=a&token=bb"), "token=<redacted 1 byte>&token=<redacted 2 bytes>");
    EXPECT_EQ(form("a=1&&b=2"), "(nothing)");
    EXPECT_EQ(form("&token=x&"), "&token=<redacted 1 byte>&");
    EXPECT_EQ(form(""), "(nothing)");
}

TEST(RedactedText, Urls) {
    EXPECT_EQ(url("https://bob:geheim@example.com/x?a=1"),
              "https://bob:<redacted 6 bytes>@example.com/x?a=1");
    EXPECT_EQ(url("https://bob@example.com/"), "(nothing)");
    EXPECT_EQ(url("/x?access_token=abc#access_token=defg"),
              "/x?access_token=<redacted 3 bytes>#access_token=<redacted 4 bytes>");
    EXPECT_EQ(url("https://example.com/a@b:c?q=1"), "(nothing)");
    EXPECT_EQ(url("?sig=1"), "?sig=<redacted 1 byte>");
    EXPECT_EQ(url(""), "(nothing)");
}

TEST(RedactedText, Json) {
    EXPECT_EQ(json(R"({"user": "bob", "password" : "ge\"heim", "n": 1})"),
              R"({"user": "bob", "password" : "<redacted 8 bytes>", "n": 1})");
    EXPECT_EQ(json(R"({"otp":123456,"next":[{"apiKey":"k"}]})"),
              R"({"otp":"<redacted 6 bytes>","next":[{"apiKey":"<redacted 1 byte>"}]})");
    EXPECT_EQ(json(R"({"password":null,"token":"","secret":{"name":"x"},"credentials":["a"]})"), "(nothing)");
    EXPECT_EQ(json(R"({"code": 404, "password_hint": "x", "value": "password"})"), "(nothing)");
    EXPECT_EQ(json(R"({"token":"cut sho)"), R"({"token":"<redacted 7 bytes>)");
    EXPECT_EQ(json(R"({"token":"cut sho\)"), R"({"token":"<redacted 8 bytes>)");
    EXPECT_EQ(json("{\"token\""), "(nothing)");
    EXPECT_EQ(json("\"token\":tru"), "\"token\":\"<redacted 3 bytes>\"");
    EXPECT_EQ(json("{\"a\":1}\n{\"jwt\":\"x\"}"), "{\"a\":1}\n{\"jwt\":\"<redacted 1 byte>\"}");
}

/// Whatever it is cut to, and whatever stands in it: what was there is kept but for what is taken out.
TEST(RedactedText, CutAnywhere) {
    const std::string text = R"({"password":"geheim","a":[1,{"token":"geheim"}],"url":"x"})";
    for (std::size_t size = 0; size <= text.size(); ++size) {
        const std::string cut = text.substr(0, size);
        const std::string out = redact_json(cut, is_secret_member).value_or(cut);
        EXPECT_EQ(out.find("gehei"), std::string::npos) << cut;
    }
}

TEST(RedactedText, HeaderFields) {
    EXPECT_EQ(redact_credentials("Bearer abc"), "Bearer <redacted 3 bytes>");
    EXPECT_EQ(redact_credentials("abc"), "<redacted 3 bytes>");
    EXPECT_EQ(redact_cookies("a=1; b=22;c"), "a=<redacted 1 byte>; b=<redacted 2 bytes>;<redacted 1 byte>");
    EXPECT_EQ(redact_set_cookie("id=abc; Path=/; HttpOnly"), "id=<redacted 3 bytes>; Path=/; HttpOnly");
}

}  // namespace
}  // namespace sslsniff
