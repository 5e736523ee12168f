#include "output/otlp/span_maker.h"

#include <gtest/gtest.h>

#include <memory>
#include <protozero/pbf_reader.hpp>
#include <random>
#include <string>
#include <utility>
#include <vector>

#include "output/otlp/encoding.h"
#include "output/otlp/span_batch.h"
#include "support/fake_exchange.h"
#include "support/otlp_text.h"
#include "support/sample_connection.h"

namespace sslsniff {
namespace {

using test::at_us;

SpanMaker make_maker() {
    std::seed_seq seed{7};
    return SpanMaker(SpanIds(seed));
}

/// A request and its response in HTTP/1.1, as a sink sees them.
struct HttpExchangeOf {
    std::string method = "GET";
    std::string host = "shop.example:8443";
    std::string target = "/users/42?full=1";
    std::string traceparent{};
    int status = 200;

    std::unique_ptr<test::FakeExchange> make() const {
        auto exchange = std::make_unique<test::FakeExchange>();
        exchange->said.operation = method;
        exchange->said.outcome = status >= 500   ? Outcome::server_error
                                 : status >= 400 ? Outcome::client_error
                                                 : Outcome::ok;
        exchange->said.error_type = status >= 400 ? std::to_string(status) : "";
        exchange->fields = [what = *this](FieldWriter& writer) {
            writer.begin_object("request");
            writer.text("method", what.method);
            writer.text("target", what.target);
            writer.text("url", "https://" + what.host + what.target);
            writer.text("host", what.host);
            writer.text("version", "HTTP/1.1");
            writer.begin_array("headers");
            for (const auto& [name, value] : {std::pair<std::string, std::string>{"User-Agent", "curl/8"},
                                              {"TraceParent", what.traceparent}}) {
                writer.begin_object({});
                writer.text("name", name);
                writer.text("value", value);
                writer.end_object();
            }
            writer.end_array();
            writer.end_object();
            writer.begin_object("response");
            writer.number("status", what.status);
            writer.end_object();
        };
        return exchange;
    }
};

class SpanMakerTest : public testing::Test {
  protected:
    Span span(std::unique_ptr<Exchange> exchange) {
        return maker_.make(
            {connection_, {at_us(0), at_us(10), at_us(1000), at_us(1500)}, {}, std::move(exchange)});
    }
    std::string text(std::unique_ptr<Exchange> exchange) {
        return test::span_text(span(std::move(exchange)));
    }
    static bool has(const std::string& text, const std::string& line) {
        return text.find("\n  " + line + "\n") != std::string::npos;
    }

    ConnectionInfo connection_ = test::sample_connection();
    SpanMaker maker_ = make_maker();
};

TEST_F(SpanMakerTest, ClientsOfHttp) {
    const std::string shown = text(HttpExchangeOf{}.make());
    EXPECT_TRUE(shown.starts_with("GET (client) 1769860801123456789 +1500000ns\n")) << shown;
    for (const char* line :
         {R"(http.request.method = "GET")", R"(url.full = "https://shop.example:8443/users/42?full=1")",
          R"(server.address = "shop.example")", "server.port = 8443", "http.response.status_code = 200",
          R"(user_agent.original = "curl/8")", R"(network.protocol.name = "http")",
          R"(network.protocol.version = "1.1")", R"(network.peer.address = "93.184.216.34")",
          "network.peer.port = 443", R"(tls.protocol.version = "1.3")",
          R"(sslsniff.connection.correlation = "nested")"}) {
        EXPECT_TRUE(has(shown, line)) << line << '\n' << shown;
    }
    EXPECT_EQ(shown.find("url.path"), std::string::npos);
}

TEST_F(SpanMakerTest, ServersOfHttp) {
    connection_.role = Role::server;
    const std::string shown = text(HttpExchangeOf{.status = 404}.make());
    EXPECT_TRUE(shown.starts_with("GET (server) 1769860801123456789 +1500000ns\n")) << "no error: " << shown;
    for (const char* line :
         {R"(url.scheme = "https")", R"(url.path = "/users/42")", R"(url.query = "full=1")",
          R"(client.address = "93.184.216.34")", "http.response.status_code = 404"}) {
        EXPECT_TRUE(has(shown, line)) << line << '\n' << shown;
    }
    EXPECT_EQ(shown.find("url.full"), std::string::npos);
    EXPECT_EQ(shown.find("error.type"), std::string::npos);
}

TEST_F(SpanMakerTest, Errors) {
    const std::string of_client = text(HttpExchangeOf{.status = 404}.make());
    EXPECT_TRUE(of_client.starts_with("GET (client) ERROR ")) << of_client;
    EXPECT_TRUE(has(of_client, R"(error.type = "404")")) << of_client;
    connection_.role = Role::server;
    EXPECT_TRUE(text(HttpExchangeOf{.status = 503}.make()).starts_with("GET (server) ERROR "));
}

TEST_F(SpanMakerTest, MethodsOfOurOwnAreOthers) {
    const std::string shown = text(HttpExchangeOf{.method = "FETCHALL"}.make());
    EXPECT_TRUE(shown.starts_with("HTTP (client)")) << shown;
    EXPECT_TRUE(has(shown, R"(http.request.method = "_OTHER")")) << shown;
    EXPECT_TRUE(has(shown, R"(http.request.method_original = "FETCHALL")")) << shown;
}

TEST_F(SpanMakerTest, TheRequestNamesTheParent) {
    const Span child =
        span(HttpExchangeOf{.traceparent = "00-0af7651916cd43dd8448eb211c80319c-b7ad6b7169203331-00"}.make());
    ASSERT_TRUE(child.parent);
    EXPECT_EQ(child.trace[0], 0x0a);
    EXPECT_EQ((*child.parent)[0], 0xb7);
    EXPECT_NE(child.id, *child.parent);
    EXPECT_EQ(child.flags, 0);
    const Span root = span(HttpExchangeOf{.traceparent = "00-nonsense"}.make());
    EXPECT_FALSE(root.parent);
    EXPECT_NE(root.trace, child.trace);
    EXPECT_EQ(root.flags, 1);
}

TEST_F(SpanMakerTest, ServersAreCalledByBracketedAddressesToo) {
    const std::string shown = text(HttpExchangeOf{.host = "[2001:db8::1]"}.make());
    EXPECT_TRUE(has(shown, R"(server.address = "2001:db8::1")")) << shown;
    EXPECT_TRUE(has(shown, "server.port = 443")) << "that of the connection: " << shown;
}

TEST_F(SpanMakerTest, WhatIsNotKnownHasASpanAllTheSame) {
    auto exchange = std::make_unique<test::FakeExchange>();
    exchange->name = "gopher";
    exchange->said.operation = "menu";
    EXPECT_TRUE(text(std::move(exchange)).starts_with("gopher menu (client)"));
}

TEST_F(SpanMakerTest, TextsAreUtf8AndBounded) {
    EXPECT_EQ(attribute_text("a\xFF\xC3"), "a\xEF\xBF\xBD\xEF\xBF\xBD");
    EXPECT_EQ(attribute_text(std::string(10'000, 'x')).size(), kLongestAttribute);
    EXPECT_LE(attribute_text(std::string(10'000, '\xFF')).size(), 3 * kLongestAttribute);
}

TEST_F(SpanMakerTest, Losses) {
    LossEvent loss;
    loss.time = at_us(5);
    loss.cause = LossCause::ring_full;
    loss.events = 3;
    loss.bytes = 4096;
    const std::string shown = test::span_text(maker_.make(loss));
    EXPECT_TRUE(has(shown, R"(sslsniff.loss.cause = "ring_full")")) << shown;
    EXPECT_TRUE(has(shown, "sslsniff.loss.events = 3")) << shown;
}

TEST_F(SpanMakerTest, ABatchHasOneResourceForEachProcess) {
    SpanBatch batch(ResourceAttributes{{"host.name", "box"}});
    const auto other = std::make_shared<const ProcessInfo>(ProcessInfo{
        .key = {7, 1}, .comm = "nginx", .exe = "/usr/sbin/nginx", .uid = 33, .container_id = "abc"});
    for (int i = 0; i < 3; ++i) {
        batch.add(connection_.process, span(HttpExchangeOf{}.make()));
        batch.add(other, span(HttpExchangeOf{}.make()));
    }
    EXPECT_EQ(batch.count(), 6);
    const Bytes request = batch.take();
    EXPECT_EQ(batch.count(), 0);
    EXPECT_TRUE(batch.take().empty());
    std::vector<std::string> resources;
    std::vector<int> spans;
    protozero::pbf_reader message(request.data(), request.size());
    while (message.next(1)) {
        auto group = message.get_message();
        while (group.next()) {
            if (group.tag() == 1) {
                const auto resource = group.get_view();
                resources.push_back(test::resource_text({resource.data(), resource.size()}));
                continue;
            }
            auto scope = group.get_message();
            spans.push_back(0);
            while (scope.next()) {
                if (scope.tag() == 2) {
                    ++spans.back();
                }
                scope.skip();
            }
        }
    }
    EXPECT_EQ(spans, (std::vector<int>{3, 3}));
    ASSERT_EQ(resources.size(), 2);
    EXPECT_EQ(
        resources[1],
        "  host.name = \"box\"\n  service.name = \"nginx\"\n  process.pid = 7\n  process.real_user.id = 33\n"
        "  process.executable.name = \"nginx\"\n  process.executable.path = \"/usr/sbin/nginx\"\n"
        "  container.id = \"abc\"\n");
}

TEST(OtlpResourceTest, ContainersAndPods) {
    ProcessInfo process{.key = {7, 1}, .comm = "nginx", .exe = "", .uid = 0, .container_id = "abc"};
    process.container = {.runtime = "podman", .name = "web", .image = "img:1"};
    const auto text = [&] { return test::resource_text(encode_resource(process, {})); };
    EXPECT_NE(text().find("  container.id = \"abc\"\n  container.runtime.name = \"podman\"\n"
                          "  container.name = \"web\"\n  container.image.name = \"img:1\"\n"),
              std::string::npos)
        << text();
    process.container = {
        .runtime = "cri-o", .name = "app", .image = "", .pod = "shop", .pod_namespace = "prod"};
    EXPECT_NE(text().find("  k8s.container.name = \"app\"\n  k8s.pod.name = \"shop\"\n"
                          "  k8s.namespace.name = \"prod\"\n"),
              std::string::npos)
        << text();
}

}  // namespace
}  // namespace sslsniff
