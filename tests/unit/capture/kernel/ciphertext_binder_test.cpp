#include "capture/kernel/ciphertext_binder.h"

#include <gtest/gtest.h>

#include <random>
#include <string>

namespace sslsniff {
namespace {

constexpr std::uint32_t kPid = 42;
constexpr auto kSent = Direction::sent;
constexpr auto kReceived = Direction::received;

Endpoints socket_of(std::uint64_t cookie) {
    Endpoints socket;
    socket.transport = Transport::tcp;
    socket.socket_cookie = cookie;
    return socket;
}

/// As ciphertext: the same for the same seed.
std::string noise(unsigned seed, std::size_t size = 64) {
    std::mt19937 engine(seed);
    std::string bytes(size, '\0');
    for (char& byte : bytes) {
        byte = static_cast<char>(engine());
    }
    return bytes;
}

std::string record(char type, const std::string& body) {
    std::string bytes = {type, 3, 3, static_cast<char>(body.size() >> 8U), static_cast<char>(body.size())};
    return bytes + body;
}

std::string encrypted(unsigned seed, std::size_t size = 64) {
    return record(0x17, noise(seed, size));
}

std::string hello(char type, const std::string& random) {
    using namespace std::string_literals;
    return record(0x16, type + "\x00\x00\x2a\x03\x03"s + random + std::string(8, '\0'));
}

std::string first(const std::string& bytes, std::size_t size = 24) {
    return bytes.substr(0, size);
}

class CiphertextBinderTest : public testing::Test {
  protected:
    /// Whether one record, seen on both sides, binds.
    bool binds(const std::string& bytes) {
        binder.see_library_record(kPid, 1, kSent, first(bytes));
        return binder.see_socket(kPid, socket_of(7), kSent, bytes).has_value();
    }
    CiphertextBinder binder;
};

TEST_F(CiphertextBinderTest, BindsWhatTheLibraryWroteAndTheSocketSent) {
    EXPECT_FALSE(binder.see_library_record(kPid, 1, kSent, first(encrypted(5))));
    const auto match = binder.see_socket(kPid, socket_of(7), kSent, encrypted(5));
    ASSERT_TRUE(match);
    EXPECT_EQ(match->generation, 1U);
    EXPECT_EQ(match->socket.socket_cookie, 7U);
}

TEST_F(CiphertextBinderTest, BindsWhatTheSocketReceivedAndTheLibraryReadBehindTheHeader) {
    EXPECT_FALSE(binder.see_socket(kPid, socket_of(7), kReceived, encrypted(5)));
    const auto match = binder.see_library_record(kPid, 1, kReceived, first(noise(5)));
    ASSERT_TRUE(match);
    EXPECT_EQ(match->socket.socket_cookie, 7U);
}

TEST_F(CiphertextBinderTest, FindsRecordsInTheMiddleOfABuffer) {
    binder.see_library_record(kPid, 1, kReceived, first(noise(6)));
    const std::string buffer = noise(1, 3000) + encrypted(5, 16000) + encrypted(6) + encrypted(7);
    EXPECT_TRUE(binder.see_socket(kPid, socket_of(7), kReceived, buffer));
}

TEST_F(CiphertextBinderTest, DirectionsAndProcessesAreApart) {
    binder.see_library_record(kPid, 1, kSent, first(encrypted(5)));
    EXPECT_FALSE(binder.see_socket(kPid, socket_of(7), kReceived, encrypted(5)));
    EXPECT_FALSE(binder.see_socket(kPid + 1, socket_of(8), kSent, encrypted(5)));
    EXPECT_TRUE(binder.see_socket(kPid, socket_of(9), kSent, encrypted(5)));
}

TEST_F(CiphertextBinderTest, WhatTwoSocketsCarryProvesNothing) {
    binder.see_socket(kPid, socket_of(7), kReceived, encrypted(5));
    binder.see_socket(kPid, socket_of(8), kReceived, encrypted(5));
    EXPECT_FALSE(binder.see_library_record(kPid, 1, kReceived, first(noise(5))));
}

TEST_F(CiphertextBinderTest, WhatTwoConnectionsProduceProvesNothing) {
    binder.see_library_record(kPid, 1, kSent, first(encrypted(5)));
    binder.see_library_record(kPid, 2, kSent, first(encrypted(5)));
    EXPECT_FALSE(binder.see_socket(kPid, socket_of(7), kSent, encrypted(5)));
}

TEST_F(CiphertextBinderTest, HellosBindByTheirRandom) {
    EXPECT_TRUE(binds(hello(1, noise(3, 32))));
    EXPECT_TRUE(binds(hello(2, noise(4, 32))));
}

TEST_F(CiphertextBinderTest, TheHelloRetryRequestHasNoRandom) {
    EXPECT_FALSE(binds(hello(2, "\xCF\x21\xAD\x74\xE5\x9A\x61\x11\xBE\x1D" + noise(3, 22))));
}

TEST_F(CiphertextBinderTest, WhatCanBeForeseenBindsNothing) {
    EXPECT_FALSE(binds(record(0x16, std::string("\x0b\x00\x03\x5a", 4) + noise(3))));  // Certificate
    EXPECT_FALSE(binds(record(0x16, std::string("\x04\x00\x00\xc6", 4) + noise(3))));  // NewSessionTicket
    EXPECT_FALSE(binds(record(0x14, noise(3))));
    EXPECT_FALSE(binds(record(0x15, noise(3))));
    EXPECT_FALSE(binds(record(0x17, std::string(64, '\0'))));
    EXPECT_FALSE(binds(record(0x17, "GET / HTTP/1.1\r\nHost: localhost\r\n\r\n")));  // NULL cipher
    EXPECT_FALSE(binds("no record at all, only some text of a program"));
}

TEST_F(CiphertextBinderTest, ShortBytesAreHarmless) {
    for (std::size_t size = 0; size < 21; size++) {
        EXPECT_FALSE(binder.see_socket(kPid, socket_of(7), kSent, encrypted(5).substr(0, size)));
    }
    for (std::size_t size = 0; size < 16; size++) {
        EXPECT_FALSE(binder.see_library_record(kPid, 1, kSent, noise(5).substr(0, size)));
    }
    EXPECT_EQ(binder.size(), 0U);
}

TEST_F(CiphertextBinderTest, TheOldestRecordsAreForgotten) {
    for (unsigned seed = 0; seed < CiphertextBinder::kCapacity + 10; seed++) {
        binder.see_library_record(kPid, seed + 1, kSent, first(encrypted(seed)));
    }
    EXPECT_EQ(binder.size(), CiphertextBinder::kCapacity);
    EXPECT_FALSE(binder.see_socket(kPid, socket_of(7), kSent, encrypted(0)));
    EXPECT_TRUE(binder.see_socket(kPid, socket_of(7), kSent, encrypted(1000)));
}

}  // namespace
}  // namespace sslsniff
