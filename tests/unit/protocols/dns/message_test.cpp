#include "protocols/dns/message.h"

#include <fmt/format.h>
#include <gtest/gtest.h>

#include <fstream>
#include <random>

#include "protocols/dns/name.h"
#include "protocols/dns/registry_names.h"

namespace sslsniff::dns {
namespace {

std::string from_hex(std::string_view hex) {
    std::string out;
    for (std::size_t i = 0; i + 1 < hex.size(); i += 2) {
        out += static_cast<char>(std::stoi(std::string(hex.substr(i, 2)), nullptr, 16));
    }
    return out;
}

std::string describe(const Message& message) {
    std::string out;
    for (const Question& question : message.questions) {
        out += fmt::format("  Q {} {}\n", question.name, type_name(question.type));
    }
    char section = 'A';
    for (const auto* records : {&message.answers, &message.authority, &message.additional}) {
        for (const Record& record : *records) {
            out += fmt::format("  {} {} {} {} {}\n", section, record.name, record.ttl, type_name(record.type),
                               record.data);
        }
        section = section == 'A' ? 'N' : 'X';
    }
    return out;
}

struct Fixture {
    std::string bytes;
    std::string expected;
};

std::vector<Fixture> fixtures() {
    std::ifstream file(SSLSNIFF_FIXTURES "/dns/messages.txt");
    std::vector<Fixture> out;
    for (std::string line; std::getline(file, line);) {
        if (line.starts_with("  ")) {
            out.back().expected += line + '\n';
        } else if (!line.starts_with('#')) {
            out.push_back({from_hex(line), {}});
        }
    }
    return out;
}

TEST(DnsMessage, DecodesAllTypesAsDnspythonDoes) {
    const auto all = fixtures();
    ASSERT_GT(all.size(), 50);
    for (const Fixture& fixture : all) {
        const Message message = decode_message(fixture.bytes);
        EXPECT_EQ(message.error, "");
        EXPECT_EQ(describe(message), fixture.expected);
    }
}

TEST(DnsMessage, ToleratesTruncationAnywhere) {
    for (const Fixture& fixture : fixtures()) {
        for (std::size_t size = 0; size < fixture.bytes.size(); ++size) {
            // A fresh allocation, so that sanitizers see a read past its end.
            const std::string cut = fixture.bytes.substr(0, size);
            EXPECT_NE(decode_message(cut).error, "") << size;
        }
    }
}

TEST(DnsMessage, SurvivesCorruption) {
    std::mt19937 random(1);
    for (const Fixture& fixture : fixtures()) {
        for (int round = 0; round < 300; ++round) {
            std::string bytes = fixture.bytes;
            for (int i = 0; i < 3; ++i) {
                bytes[random() % bytes.size()] = static_cast<char>(random());
            }
            describe(decode_message(bytes));
        }
    }
}

TEST(DnsMessage, RefusesCompressionLoops) {
    const std::string header = from_hex("000100000001000000000000");
    for (const std::string_view name : {"c00c", "c00d", "0161c00c", "c00ec00c", "c0ff"}) {
        EXPECT_EQ(decode_message(header + from_hex(name) + from_hex("00010001")).error, "malformed question")
            << name;
    }
    EXPECT_EQ(decode_message(header + from_hex("4061") + std::string(80, 'a')).error, "malformed question");
    std::string endless;  // 256 bytes of name
    for (int i = 0; i < 128; ++i) {
        endless += "\001a";
    }
    EXPECT_EQ(decode_message(header + endless + std::string(5, '\0')).error, "malformed question");
}

TEST(DnsMessage, ShowsHostileNamesSafely) {
    std::string out;
    append_label(out, std::string_view("a.b\\c\x1b\0\xff d", 10));
    EXPECT_EQ(out, "a\\.b\\\\c\\027\\000\\255\\032d");
    EXPECT_EQ(quoted("say \"hi\"\n"), "\"say \\\"hi\\\"\\010\"");
}

TEST(DnsMessage, DecodesInternationalNamesBesideTheirWireForm) {
    EXPECT_EQ(unicode_name("www.xn--bcher-kva.example"), "www.bücher.example");
    EXPECT_EQ(unicode_name("XN--Bcher-kva.example"), "Bücher.example");
    EXPECT_EQ(unicode_name("xn--fiqs8s"), "中国");
    EXPECT_EQ(unicode_name("xn--e1afmkfd.xn--p1ai"), "пример.рф");
    EXPECT_EQ(unicode_name("B\\195\\188ro._http._tcp.local"), "Büro._http._tcp.local");
    EXPECT_EQ(unicode_name("example.com"), "");
    EXPECT_EQ(unicode_name("xn--\\027[31m.example"), "") << "control characters stay escaped";
    EXPECT_EQ(unicode_name("xn--99999999999999999999"), "");
    EXPECT_EQ(unicode_name("a\\.b.example"), "") << "a dot in a label must not look like two labels";
}

TEST(DnsMessage, ReadsEdns) {
    const Message query =
        decode_message(from_hex("1234010000010000000000010000010001000029100080000000000c"
                                "00080008000118 00c00002"));
    EXPECT_EQ(query.edns.has_value(), false) << "malformed hex is malformed OPT";
    const Message good = decode_message(
        from_hex("123401000001000000000001000001000100002904d000008000000b0008000700011800c00002"));
    EXPECT_EQ(good.error, "");
    ASSERT_TRUE(good.edns.has_value());
    EXPECT_TRUE(good.edns->dnssec_ok);
    EXPECT_EQ(good.edns->udp_size, 1232);
    ASSERT_EQ(good.edns->options.size(), 1);
    EXPECT_EQ(edns_option_name(good.edns->options[0].code), "client-subnet");
    EXPECT_EQ(good.edns->options[0].text, "192.0.2.0/24");
}

}  // namespace
}  // namespace sslsniff::dns
