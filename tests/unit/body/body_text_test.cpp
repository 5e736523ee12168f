#include "body/body_text.h"

#include <gtest/gtest.h>

#include "body/charset.h"

namespace sslsniff {
namespace {

Body body_of(std::string bytes, std::string type) {
    Body body;
    body.size = bytes.size();
    body.captured = std::move(bytes);
    body.content_type = std::move(type);
    return body;
}

TEST(BodyText, IndentsJson) {
    const BodyText shown = body_text(body_of(R"({"a":[1, 2.50],"b":{ },"c":"x,\"{"})", "application/json"));
    EXPECT_EQ(shown.text, R"({
  "a": [
    1,
    2.50
  ],
  "b": {},
  "c": "x,\"{"
})");
    EXPECT_EQ(shown.remark, "");
}

TEST(BodyText, LeavesDamagedJsonReadable) {
    EXPECT_EQ(indent_json(R"([{"a":1,"b)"), "[\n  {\n    \"a\": 1,\n    \"b");
    EXPECT_EQ(indent_json("}]"), "\n}\n]");
    EXPECT_EQ(indent_json("\"\\"), "\"\\");
    EXPECT_LT(indent_json(std::string(100'000, '[')).size(), 100'000U * 140);
}

TEST(BodyText, ShowsFormsFieldByField) {
    EXPECT_EQ(
        body_text(body_of("a=1&name=J%C3%BCrgen+K&empty=&bare&%zz", "application/x-www-form-urlencoded"))
            .text,
        "a = 1\nname = Jürgen K\nempty = \nbare = \n%zz = \n");
}

TEST(BodyText, ShowsMultipartPartByPart) {
    const std::string body =
        "--XX\r\nContent-Disposition: form-data; name=\"title\"\r\n\r\nhello\r\n"
        "--XX\r\nContent-Disposition: form-data; name=\"pic\"; filename=\"a.png\"\r\nContent-Type: "
        "image/png\r\n\r\n"
        "\x89PNG\r\n--XX--\r\n";
    EXPECT_EQ(body_text(body_of(body, "multipart/form-data; boundary=\"XX\"")).text,
              "title = hello\npic (file a.png) [image/png]: 4 bytes\n");
    EXPECT_EQ(body_text(body_of("--XX\r\ncut", "multipart/mixed; boundary=XX")).text, " = \n");
}

TEST(BodyText, SummarisesBinaries) {
    const BodyText shown = body_text(body_of(std::string("\x89PNG\0\x01", 6), "image/png"));
    EXPECT_EQ(shown.text, "");
    EXPECT_EQ(shown.remark, "");
    EXPECT_EQ(body_text(body_of("\xff\xfe", "")).text, "");
}

TEST(BodyText, ShowsTextCutWithinACharacter) {
    EXPECT_EQ(body_text(body_of("caf\xc3", "text/plain")).text, "caf\xc3");
    EXPECT_EQ(body_text(body_of("caf\xc3"
                                "\x28",
                                ""))
                  .text,
              "");
}

TEST(BodyText, ConvertsCharsets) {
    EXPECT_EQ(body_text(body_of("caf\xe9", "text/plain; charset=ISO-8859-1")).text, "café");
    EXPECT_EQ(to_utf8("\x93\xfa\x96\x7b", "Shift_JIS"), "日本");
    EXPECT_EQ(to_utf8("\x93\xfa\x96", "Shift_JIS"), "日\xEF\xBF\xBD");
    EXPECT_EQ(to_utf8("abc", "no-such-charset"), "abc");
    EXPECT_EQ(to_utf8("abc", "utf-16//TRANSLIT"), "abc");
}

TEST(BodyText, ReadsParameters) {
    EXPECT_EQ(parameter_of("text/html;Charset=\"utf-8\"; x=y", "charset"), "utf-8");
    EXPECT_EQ(parameter_of("text/html; charset", "charset"), "");
    EXPECT_EQ(parameter_of("a; b=\"unclosed", "b"), "unclosed");
    EXPECT_EQ(media_type(" Text/HTML ; charset=x"), "text/html");
}

TEST(BodyText, SaysWhatCouldNotBeDecoded) {
    Body body = body_of("not gzip", "text/plain");
    body.content_encoding = "gzip";
    EXPECT_EQ(body_text(body).remark, "damaged gzip");
    body.content_encoding = "secret";
    EXPECT_EQ(body_text(body).remark, "still coded as secret");
}

}  // namespace
}  // namespace sslsniff
