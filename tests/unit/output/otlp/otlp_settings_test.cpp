#include "output/otlp/otlp_settings.h"

#include <gtest/gtest.h>

#include <string>
#include <vector>

namespace sslsniff {
namespace {

TEST(CollectorUrlTest, WhatIsAddedIsTakenOff) {
    EXPECT_EQ(parse_collector_url("http://localhost:4318"), "http://localhost:4318");
    EXPECT_EQ(parse_collector_url("http://localhost:4318/"), "http://localhost:4318");
    EXPECT_EQ(parse_collector_url("HTTPS://h/otlp/v1/traces"), "https://h/otlp");
    EXPECT_EQ(parse_collector_url("http://h:8428/opentelemetry//"), "http://h:8428/opentelemetry");
    EXPECT_EQ(parse_collector_url("http://[::1]:4318/v1/metrics"), "http://[::1]:4318");
}

TEST(CollectorUrlTest, OthersAreRefused) {
    for (const char* text : {"", "localhost:4318", "grpc://h:4317", "http://", "http:///x", "http://a b",
                             "http://h?x=1", "http://user:password@h", "http://h/\nHost: x"}) {
        EXPECT_FALSE(parse_collector_url(text)) << text;
    }
    EXPECT_EQ(parse_collector_url("x").error().message,
              "-o otlp: 'x' is no URL of a collector, like otlp:http://localhost:4318");
}

TEST(OtlpSettingTest, AreUnderstood) {
    OtlpSettings settings;
    for (const char* text : {"header.Authorization=Bearer a=b", "resource.deployment.environment.name=test",
                             "ca=/etc/ca.pem", "cert=c.pem", "key=k.pem", "metrics=60"}) {
        EXPECT_TRUE(parse_otlp_setting(text, settings)) << text;
    }
    EXPECT_EQ(settings.headers, std::vector<std::string>{"Authorization: Bearer a=b"});
    ASSERT_EQ(settings.resource.size(), 1);
    EXPECT_EQ(settings.resource[0].first, "deployment.environment.name");
    EXPECT_EQ(settings.resource[0].second, "test");
    EXPECT_EQ(settings.ca_file, "/etc/ca.pem");
    EXPECT_EQ(settings.certificate, "c.pem");
    EXPECT_EQ(settings.key, "k.pem");
    EXPECT_EQ(settings.metrics.count(), 60);
}

TEST(OtlpSettingTest, OthersAreRefusedWithoutTheirValues) {
    OtlpSettings settings;
    for (const char* text :
         {"", "x", "header", "header.=x", "header.A B=x", "header.A=secret\nB: c", "resource.=x",
          "ca=", "metrics=", "metrics=0", "metrics=1d", "metrics=86401", "password=secret"}) {
        const auto set = parse_otlp_setting(text, settings);
        ASSERT_FALSE(set) << text;
        EXPECT_EQ(set.error().message.find("secret"), std::string::npos) << set.error().message;
    }
}

}  // namespace
}  // namespace sslsniff
