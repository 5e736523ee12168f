#include "tls/hello.h"

#include <gtest/gtest.h>

namespace sslsniff {
namespace {

std::string number(std::size_t value, std::size_t width) {
    std::string out;
    while (width-- > 0) {
        out.push_back(static_cast<char>(value >> (8 * width)));
    }
    return out;
}

std::string vec(std::size_t width, const std::string& content) {
    return number(content.size(), width) + content;
}

std::string extension(std::size_t type, const std::string& content) {
    return number(type, 2) + vec(2, content);
}

std::string record(const std::string& message) {
    return "\x16\x03\x01" + vec(2, message);
}

std::string client_hello() {
    const std::string extensions = extension(0, vec(2, number(0, 1) + vec(2, "example.com"))) +
                                   extension(43, vec(1, number(0x0304, 2) + number(0x0303, 2))) +
                                   extension(16, vec(2, vec(1, "h2") + vec(1, "http/1.1")));
    return number(1, 1) + vec(3, number(0x0303, 2) + std::string(32, 'r') + vec(1, std::string(32, 's')) +
                                     vec(2, number(0x1301, 2)) + vec(1, number(0, 1)) + vec(2, extensions));
}

std::string server_hello(const std::string& extensions, std::size_t suite) {
    return number(2, 1) + vec(3, number(0x0303, 2) + std::string(32, 'r') + vec(1, "") + number(suite, 2) +
                                     number(0, 1) + (extensions.empty() ? "" : vec(2, extensions)));
}

TEST(TlsHello, ReadsAClientHello) {
    const auto hello = parse_tls_hello(record(client_hello()), true);
    ASSERT_TRUE(hello);
    EXPECT_TRUE(hello->from_client);
    EXPECT_EQ(hello->sni, "example.com");
    EXPECT_EQ(hello->offered_alpn, (std::vector<std::string>{"h2", "http/1.1"}));
    EXPECT_EQ(hello->version, "");
}

/// A DTLS record with one fragment of a handshake message (RFC 6347 section 4.2.2).
std::string dtls_record(std::size_t type, std::size_t offset, const std::string& body) {
    return number(22, 1) + number(0xfefd, 2) + number(0, 8) +
           vec(2, number(type, 1) + number(offset + body.size(), 3) + number(0, 2) + number(offset, 3) +
                      vec(3, body));
}

std::string dtls_client_hello() {
    const std::string extensions = extension(0, vec(2, number(0, 1) + vec(2, "example.com")));
    return number(0xfefd, 2) + std::string(32, 'r') + vec(1, "") + vec(1, "cookie") +
           vec(2, number(0xc02b, 2)) + vec(1, number(0, 1)) + vec(2, extensions);
}

TEST(TlsHello, ReadsHellosOfDtls) {
    const auto client = parse_tls_hello(dtls_record(1, 0, dtls_client_hello()), true);
    ASSERT_TRUE(client);
    EXPECT_TRUE(client->from_client);
    EXPECT_EQ(client->sni, "example.com");
    const std::string answer =
        number(0xfefd, 2) + std::string(32, 'r') + vec(1, "") + number(0xc02b, 2) + number(0, 1);
    const auto server = parse_tls_hello(dtls_record(2, 0, answer), true);
    ASSERT_TRUE(server);
    EXPECT_EQ(server->version, "DTLSv1.2");
    EXPECT_EQ(server->cipher, "TLS_ECDHE_ECDSA_WITH_AES_128_GCM_SHA256");
}

TEST(TlsHello, DtlsSaysNothingInLaterFragmentsAndOtherMessages) {
    EXPECT_FALSE(parse_tls_hello(dtls_record(1, 100, dtls_client_hello()), true));
    EXPECT_FALSE(parse_tls_hello(dtls_record(3, 0, number(0xfeff, 2) + vec(1, "cookie")), true));
}

TEST(TlsHello, DtlsMayBeCutAnywhere) {
    const std::string whole = dtls_record(1, 0, dtls_client_hello());
    for (std::size_t size = 0; size < whole.size(); ++size) {
        const auto hello = parse_tls_hello(std::string_view(whole).substr(0, size), true);
        EXPECT_TRUE(!hello || hello->sni.empty()) << size;
    }
}

TEST(TlsHello, ReadsAHelloWithoutItsRecordHeader) {
    const auto hello = parse_tls_hello(client_hello(), false);
    ASSERT_TRUE(hello);
    EXPECT_EQ(hello->sni, "example.com");
}

TEST(TlsHello, SupportedVersionsTellsTls13) {
    const auto hello = parse_tls_hello(record(server_hello(extension(43, number(0x0304, 2)), 0x1302)), true);
    ASSERT_TRUE(hello);
    EXPECT_FALSE(hello->from_client);
    EXPECT_EQ(hello->version, "TLSv1.3");
    EXPECT_EQ(hello->cipher, "TLS_AES_256_GCM_SHA384");
}

TEST(TlsHello, ReadsATls12ServerHello) {
    const auto hello =
        parse_tls_hello(record(server_hello(extension(16, vec(2, vec(1, "h2"))), 0xc02f)), true);
    ASSERT_TRUE(hello);
    EXPECT_EQ(hello->version, "TLSv1.2");
    EXPECT_EQ(hello->cipher, "TLS_ECDHE_RSA_WITH_AES_128_GCM_SHA256");
    EXPECT_EQ(hello->alpn, "h2");
    EXPECT_EQ(parse_tls_hello(record(server_hello("", 0xfefe)), true)->cipher, "0xFEFE");
}

TEST(TlsHello, CutShortItGivesWhatIsThere) {
    const std::string whole = record(client_hello());
    for (std::size_t size = 0; size <= whole.size(); size++) {
        const auto hello = parse_tls_hello(ByteView(whole).substr(0, size), true);
        if (hello && !hello->sni.empty()) {
            EXPECT_EQ(hello->sni, "example.com") << size;
        }
    }
    EXPECT_FALSE(parse_tls_hello(ByteView(whole).substr(0, 10), true));
    EXPECT_TRUE(parse_tls_hello(ByteView(whole).substr(0, 60), true));
}

TEST(TlsHello, OtherBytesAreNoHello) {
    EXPECT_FALSE(parse_tls_hello("", true));
    EXPECT_FALSE(parse_tls_hello("GET / HTTP/1.1\r\n\r\n", true));
    EXPECT_FALSE(parse_tls_hello("GET / HTTP/1.1\r\n\r\n", false));
    EXPECT_FALSE(parse_tls_hello(std::string(100, '\0'), false));
    EXPECT_FALSE(parse_tls_hello("\x17\x03\x03" + std::string(100, 'x'), true));
}

}  // namespace
}  // namespace sslsniff
