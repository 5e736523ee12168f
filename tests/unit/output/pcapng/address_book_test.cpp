#include "output/pcapng/address_book.h"

#include <gtest/gtest.h>

#include <chrono>

namespace sslsniff {
namespace {

using namespace std::chrono_literals;

ConnectionInfo connection(std::uint64_t generation, std::string_view local, std::string_view remote,
                          std::uint32_t netns = 1, std::uint64_t cookie = 0) {
    ConnectionInfo info;
    info.id.generation = generation;
    info.endpoints = {Transport::tcp, parse_endpoint(local).value(), parse_endpoint(remote).value(), cookie,
                      netns};
    return info;
}

ShownEndpoints claim(AddressBook& book, const ConnectionInfo& info, bool client = true) {
    return book.claim(info, {info.endpoints.local.port, info.endpoints.remote.port, client});
}

TEST(AddressBook, RealOnesWhereKnown) {
    AddressBook book;
    const auto shown = claim(book, connection(1, "10.0.0.1:50000", "10.0.0.2:443"));
    EXPECT_EQ(to_string(shown.local), "10.0.0.1:50000");
    EXPECT_EQ(to_string(shown.remote), "10.0.0.2:443");
    EXPECT_FALSE(shown.made_up);
}

TEST(AddressBook, MappedAddressesAreIpv4OnTheWire) {
    AddressBook book;
    const auto shown = claim(book, connection(1, "[::ffff:10.0.0.1]:50000", "10.0.0.2:443"));
    EXPECT_EQ(shown.local.address.family, IpAddress::Family::v4);
    EXPECT_FALSE(shown.made_up);
}

TEST(AddressBook, TheOtherEndIsNotShownTwice) {
    AddressBook book;
    const auto client = connection(1, "127.0.0.1:50000", "127.0.0.1:443");
    auto server = connection(2, "127.0.0.1:443", "127.0.0.1:50000");
    EXPECT_FALSE(claim(book, client).shown_by);
    EXPECT_EQ(claim(book, server, false).shown_by, client.id);
    // Its last events may come after the owner's end, a new connection begins later.
    book.release(client.id, Timestamp(10s));
    EXPECT_EQ(claim(book, server, false).shown_by, client.id);
    server.opened = Timestamp(11s);
    EXPECT_FALSE(claim(book, server, false).shown_by);
}

TEST(AddressBook, ASecondSocketOnTheOtherSideIsAnotherConnection) {
    AddressBook book;
    const auto server = connection(1, "127.0.0.1:443", "127.0.0.1:50000", 1, 77);
    claim(book, server, false);
    EXPECT_TRUE(claim(book, connection(2, "127.0.0.1:50000", "127.0.0.1:443", 1, 78)).shown_by);
    // The server has not noticed yet that its connection is over.
    const auto next = claim(book, connection(3, "127.0.0.1:50000", "127.0.0.1:443", 1, 79));
    EXPECT_FALSE(next.shown_by);
    EXPECT_FALSE(next.made_up);
}

TEST(AddressBook, SameAddressesInAnotherNamespaceAreMadeUp) {
    AddressBook book;
    claim(book, connection(1, "127.0.0.1:50000", "127.0.0.1:443", 1));
    const auto other = claim(book, connection(2, "127.0.0.1:443", "127.0.0.1:50000", 2), false);
    EXPECT_TRUE(other.made_up);
    EXPECT_EQ(to_string(other.local), "192.0.2.1:443");
    EXPECT_EQ(to_string(other.remote), "198.51.100.1:49154");
}

TEST(AddressBook, TlsInsideTlsOnOneSocketIsMadeUp) {
    AddressBook book;
    claim(book, connection(1, "10.0.0.1:50000", "10.0.0.2:443", 1, 77));
    const auto inner = claim(book, connection(2, "10.0.0.1:50000", "10.0.0.2:443", 1, 77));
    EXPECT_TRUE(inner.made_up);
}

TEST(AddressBook, AnotherSocketTakesTheAddressesOver) {
    AddressBook book;
    claim(book, connection(1, "10.0.0.1:50000", "10.0.0.2:443", 1, 77));
    const auto next = claim(book, connection(2, "10.0.0.1:50000", "10.0.0.2:443", 1, 78));
    EXPECT_FALSE(next.made_up);
    book.release(connection(1, "?", "?").id, {});  // late: the addresses are no longer its own
    EXPECT_TRUE(claim(book, connection(3, "10.0.0.1:50000", "10.0.0.2:443", 1, 78)).made_up);
}

TEST(AddressBook, WhatGoesOnWithASocketGetsItsAddresses) {
    AddressBook book;
    const auto clear = connection(1, "127.0.0.1:50000", "127.0.0.1:443", 1, 77);
    claim(book, clear);
    book.hand_over(clear.id);
    // The other end's is the first to show TLS: it stays the other end.
    const auto other = connection(2, "127.0.0.1:443", "127.0.0.1:50000", 1, 78);
    EXPECT_EQ(claim(book, other, false).shown_by, clear.id);
    const auto tls = connection(3, "127.0.0.1:50000", "127.0.0.1:443", 1, 77);
    const auto shown = claim(book, tls);
    EXPECT_FALSE(shown.made_up);
    EXPECT_EQ(shown.taken_from, clear.id);
    EXPECT_EQ(claim(book, other, false).shown_by, tls.id);
}

ConnectionInfo datagrams(std::uint64_t generation, std::string_view local, std::string_view remote) {
    ConnectionInfo info = connection(generation, local, remote, 1, generation);
    info.endpoints.transport = Transport::udp;
    return info;
}

/// A socket that is bound to no address, and its other end, in either order.
TEST(AddressBook, SocketsBoundToNoAddressMeetTheirOtherEnds) {
    AddressBook first;
    const auto client = datagrams(1, "0.0.0.0:40000", "127.0.0.53:53");
    const auto guessed = claim(first, client);
    EXPECT_EQ(to_string(guessed.local), "127.0.0.1:40000");
    const auto server = datagrams(2, "127.0.0.53:53", "127.0.0.1:40000");
    EXPECT_EQ(claim(first, server, false).shown_by, client.id);
    EXPECT_EQ(to_string(claim(first, client).local), "127.0.0.1:40000");  // once more, in another file

    AddressBook second;
    EXPECT_FALSE(claim(second, datagrams(1, "10.0.0.1:53", "10.0.0.7:40000"), false).shown_by);
    EXPECT_TRUE(claim(second, datagrams(2, "0.0.0.0:40000", "10.0.0.1:53")).shown_by);
    EXPECT_FALSE(claim(second, datagrams(3, "0.0.0.0:40001", "10.0.0.1:53")).shown_by);  // another port

    AddressBook both;
    EXPECT_EQ(to_string(claim(both, datagrams(1, "[::]:40000", "[::1]:53")).local), "[::1]:40000");
    EXPECT_TRUE(claim(both, datagrams(2, "[::]:53", "[::1]:40000"), false).shown_by);
}

TEST(AddressBook, UnknownOnesComeFromDocumentationRanges) {
    AddressBook book;
    const auto nothing = claim(book, connection(1, "?", "?"));
    EXPECT_EQ(to_string(nothing.local.address), "192.0.2.1");
    EXPECT_EQ(to_string(nothing.remote.address), "198.51.100.1");
    const auto half = claim(book, connection(2, "?", "[2001:db8:ffff::5]:443"));
    EXPECT_EQ(to_string(half.local.address), "2001:db8:1::1");
    EXPECT_TRUE(half.made_up);
    const auto many = claim(book, connection(16'384 * 3, "?", "?"));
    EXPECT_EQ(to_string(many.local.address), "192.0.2.4");
}

}  // namespace
}  // namespace sslsniff
