#include "output/html/html_sink.h"

#include <gtest/gtest.h>
#include <openssl/sha.h>

#include <array>

#include "base/text.h"
#include "output/html/report_page.h"
#include "support/flat_json.h"
#include "support/play_into.h"

namespace sslsniff {
namespace {

using test::FlatJson;
using test::received;
using test::sent;

constexpr std::string_view kBlock = "<script type=\"application/jsonl\">\n";

std::size_t count(std::string_view text, std::string_view part) {
    std::size_t found = 0;
    for (std::size_t at = text.find(part); at != std::string_view::npos; at = text.find(part, at + 1)) {
        ++found;
    }
    return found;
}

std::string between(const std::string& text, const std::string& begin, const std::string& end) {
    const std::size_t at = text.find(begin) + begin.size();
    return text.substr(at, text.find(end, at) - at);
}

std::string hash_of(const std::string& text) {
    std::array<unsigned char, SHA256_DIGEST_LENGTH> digest{};
    SHA256(reinterpret_cast<const unsigned char*>(text.data()), text.size(), digest.data());
    return "'sha256-" + base64({reinterpret_cast<const char*>(digest.data()), digest.size()}) + "'";
}

/// Lines of the blocks in a page.
std::vector<std::string> data_lines(std::string_view page) {
    std::vector<std::string> lines;
    for (std::size_t at = page.find(kBlock); at != std::string_view::npos; at = page.find(kBlock, at)) {
        at += kBlock.size();
        const std::size_t end = std::min(page.find("</script>", at), page.size());
        while (at < end) {
            const std::size_t newline = std::min(page.find('\n', at), end);
            lines.emplace_back(page.substr(at, newline - at));
            at = newline + 1;
        }
    }
    return lines;
}

template <class Sink>
std::string written(const test::Conversation& conversation) {
    MemoryOutputStream out;
    Sink sink(out);
    test::play_into(sink, conversation);
    return out.bytes();
}

const test::Conversation& hostile() {
    static const test::Conversation conversation = {
        sent("GET /</script><script>alert(1)</script>?a=<!--b HTTP/1.1\r\nHost: <img src=x>\r\nX: <!-- "
             "<script "
             "\xff\r\n\r\n"),
        received("HTTP/1.1 500 </script>\r\nContent-Type: text/html\r\nContent-Length: "
                 "28\r\n\r\n<script>alert(2)</script>\n<!--")};
    return conversation;
}

TEST(HtmlSink, HoldsTheSameObjectsAsJson) {
    std::string objects;
    for (std::string line : data_lines(written<HtmlSink>(hostile()))) {
        if (line.starts_with("{\"schema\"")) {
            for (std::size_t at = line.find("\\u003c"); at != std::string::npos;
                 at = line.find("\\u003c", at)) {
                line.replace(at, 6, "<");
            }
            objects += line + "\n";
        }
    }
    EXPECT_EQ(objects, written<JsonSink>(hostile()));
}

TEST(HtmlSink, NothingCapturedIsMarkup) {
    const std::string page = written<HtmlSink>(hostile());
    const std::string data = page.substr(page.find(kBlock) + kBlock.size());
    EXPECT_EQ(data.find('<'), data.find("</script>\n</body>\n</html>\n")) << data;
    EXPECT_EQ(count(page, "<script"), 2U);
}

TEST(HtmlSink, ARowSaysWhatAListShows) {
    const auto lines = data_lines(written<HtmlSink>(hostile()));
    ASSERT_GE(lines.size(), 3U);
    const FlatJson row = test::parse_json(lines[0]);
    ASSERT_TRUE(row.valid) << lines[0];
    EXPECT_EQ(row["at"], "1700000000001000");
    EXPECT_EQ(row["took"], "1000");
    EXPECT_EQ(row["answered"], "1000");
    EXPECT_EQ(row["protocol"], "http/1.1");
    EXPECT_EQ(row["outcome"], "server_error");
    EXPECT_EQ(row["got"], "500 </script>");
    EXPECT_EQ(row["down"], "28");
    EXPECT_EQ(row["tls"], "true");
    EXPECT_TRUE(lines[1].starts_with("{\"schema\":\"sslsniff/1\",\"type\":\"transaction\"")) << lines[1];
}

TEST(HtmlSink, ARowIsShortWhateverWasSaid) {
    const std::string path(100'000, 'x');
    const auto lines = data_lines(written<HtmlSink>({sent("GET /" + path + " HTTP/1.1\r\nHost: h\r\n\r\n")}));
    ASSERT_FALSE(lines.empty());
    EXPECT_LT(lines[0].size(), 2000U);
}

TEST(HtmlSink, PermitsItsOwnScriptAndStyleAlone) {
    const std::string page = written<HtmlSink>({});
    const std::string policy = between(page, "Content-Security-Policy\" content=\"", "\"");
    EXPECT_EQ(policy, "default-src 'none'; script-src " + hash_of(between(page, "<script>", "</script>")) +
                          "; style-src " + hash_of(between(page, "<style>", "</style>")) +
                          "; base-uri 'none'; form-action 'none'");
    EXPECT_LT(page.find("Content-Security-Policy"), page.find("<style>"));
}

TEST(HtmlSink, TheEmptyPageIsSmallAndWhole) {
    const std::string page = written<HtmlSink>({});
    EXPECT_LT(page.size(), 400'000U);
    EXPECT_TRUE(page.ends_with("</script>\n</body>\n</html>\n"));
    const std::string script = between(page, "<script>", "</script>");
    EXPECT_EQ(script.find("<!--"), std::string::npos);
    EXPECT_EQ(script.find('\r'), std::string::npos) << "browsers hash what they normalised";
    EXPECT_TRUE(script.ends_with("})();\n")) << "an end tag in it would have cut it off";
    EXPECT_EQ(script.find("\nimport "), std::string::npos);
    EXPECT_EQ(script.find("\nexport "), std::string::npos);
    const auto lines = data_lines(page);
    EXPECT_TRUE(lines.back().starts_with("{\"schema\":\"sslsniff/1\",\"type\":\"summary\"")) << lines.back();
}

TEST(HtmlSink, BlocksAreDividedBetweenTransactions) {
    test::Conversation conversation;
    for (int i = 0; i < 100; ++i) {
        conversation.push_back(sent("GET /" + std::to_string(i) + " HTTP/1.1\r\nHost: h\r\n\r\n"));
        conversation.push_back(
            received("HTTP/1.1 200 OK\r\nContent-Length: 10000\r\n\r\n" + std::string(10'000, 'y')));
    }
    const std::string page = written<HtmlSink>(conversation);
    EXPECT_GT(count(page, kBlock), 3U);
    EXPECT_LT(count(page, kBlock), 10U);
    std::size_t transactions = 0;
    for (std::size_t at = page.find(kBlock); at != std::string::npos; at = page.find(kBlock, at)) {
        at += kBlock.size();
        // A row and its object are in one block.
        EXPECT_TRUE(page.substr(at).starts_with("{\"at\":") || page.substr(at).starts_with("{\"schema\""))
            << page.substr(at, 50);
    }
    for (const std::string& line : data_lines(page)) {
        transactions += line.contains("\"type\":\"transaction\"") ? 1 : 0;
    }
    EXPECT_EQ(transactions, 100U);
}

TEST(HtmlSink, EveryFileIsAWholePage) {
    MemoryOutputStream out;
    HtmlSink sink(out);
    sink.on_loss({Timestamp(std::chrono::seconds(1)), LossCause::ring_full, 3, 40});
    sink.end_file();
    const std::string first = out.bytes();
    sink.begin_file();
    sink.on_summary({});
    const std::string second = out.bytes().substr(first.size());
    for (const std::string& page : {first, second}) {
        EXPECT_TRUE(page.starts_with("<!DOCTYPE html>\n"));
        EXPECT_TRUE(page.ends_with("</script>\n</body>\n</html>\n"));
    }
    EXPECT_EQ(data_lines(first).back(), "{\"continues\":true}");
    EXPECT_EQ(data_lines(second).size(), 1U);
}

}  // namespace
}  // namespace sslsniff
