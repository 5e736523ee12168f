// How long the messages of SOCKS and the PROXY protocol are.

#include <fmt/format.h>

#include <algorithm>
#include <array>

#include "base/endian.h"
#include "base/number.h"
#include "protocols/preamble/preamble.h"

namespace sslsniff::preamble {
namespace {

constexpr Length kNo{Verdict::no, 0};
constexpr Length kMore{};

std::uint8_t byte(ByteView bytes, std::size_t at) {
    return static_cast<std::uint8_t>(bytes[at]);
}

Length whole(ByteView bytes, std::size_t size) {
    return bytes.size() < size ? kMore : Length{Verdict::yes, size};
}

/// https://www.haproxy.org/download/2.8/doc/proxy-protocol.txt, section 2.1: at most 107 bytes.
Length proxy_line(ByteView bytes) {
    constexpr std::size_t kLongest = 107;
    const std::size_t end = bytes.substr(0, kLongest).find("\r\n");
    if (end == ByteView::npos) {
        return bytes.size() < kLongest ? kMore : kNo;
    }
    const ByteView kind = bytes.substr(0, end);
    const bool good = kind.starts_with("PROXY TCP4 ") || kind.starts_with("PROXY TCP6 ") ||
                      kind.starts_with("PROXY UNKNOWN");
    return good ? Length{Verdict::yes, end + 2} : kNo;
}

/// SOCKS4: a user's name up to a zero byte, and a host's when the address is 0.0.0.x (SOCKS4A).
Length socks4_request(ByteView bytes) {
    constexpr std::size_t kFixed = 8;
    constexpr std::size_t kLongest = 256;
    if (bytes.size() < kFixed) {
        return kMore;
    }
    const bool names = load_be<std::uint32_t>(bytes, 4) < 256 && byte(bytes, 7) != 0;
    std::size_t at = kFixed;
    for (int text = 0; text < (names ? 2 : 1); ++text) {
        const std::size_t end = bytes.substr(at, kLongest).find('\0');
        if (end == ByteView::npos) {
            return bytes.size() - at < kLongest ? kMore : kNo;
        }
        at += end + 1;
    }
    return {Verdict::yes, at};
}

/// The address of `size` bytes at `at`.
IpAddress address_at(ByteView bytes, std::size_t at, std::size_t size) {
    IpAddress address;
    address.family = size == 4 ? IpAddress::Family::v4 : IpAddress::Family::v6;
    std::ranges::copy(bytes.substr(at, size), address.bytes.begin());
    return address;
}

/// Both ends, in `size` bytes for each address, then both ports.
Tunnel addresses_at(ByteView bytes, std::size_t at, std::size_t size) {
    const std::size_t ports = at + 2 * size;
    const Endpoint client{address_at(bytes, at, size), load_be<std::uint16_t>(bytes, ports)};
    const Endpoint server{address_at(bytes, at + size, size), load_be<std::uint16_t>(bytes, ports + 2)};
    return {"PROXY", client, to_string(server)};
}

/// "PROXY TCP4 192.0.2.1 192.0.2.2 56324 80".
Tunnel addresses_of_line(ByteView line) {
    std::array<ByteView, 6> words;
    for (std::size_t i = 0; i < words.size() && !line.empty(); ++i) {
        const std::size_t end = std::min(line.find(' '), line.size());
        words[i] = line.substr(0, end);
        line.remove_prefix(std::min(end + 1, line.size()));
    }
    const auto client = parse_ip(words[2]);
    const auto server = parse_ip(words[3]);
    const auto client_port = parse_number<std::uint16_t>(words[4]);
    const auto server_port = parse_number<std::uint16_t>(words[5]);
    if (!client || !server || !client_port || !server_port) {
        return {"PROXY", {}, {}};
    }
    return {"PROXY", {*client, *client_port}, to_string(Endpoint{*server, *server_port})};
}

}  // namespace

Tunnel proxy_addresses(ByteView header) {
    constexpr std::size_t kFixed = 16;
    constexpr std::size_t kPorts = 4;
    if (header.starts_with("PROXY ")) {
        return addresses_of_line(header.substr(0, header.find('\r')));
    }
    const bool speaks_for_another = byte(header, 12) == 0x21;
    const unsigned family = byte(header, 13) >> 4U;  // 1: AF_INET, 2: AF_INET6
    const std::size_t size = family == 1 ? 4 : 16;
    if (!speaks_for_another || (family != 1 && family != 2) || header.size() < kFixed + 2 * size + kPorts) {
        return {"PROXY", {}, {}};
    }
    return addresses_at(header, kFixed, size);
}

std::string socks_target(ByteView request) {
    if (byte(request, 0) == 4) {
        const std::size_t name = request.find('\0', 8) + 1;  // behind the user's
        const Endpoint end{address_at(request, 4, 4), load_be<std::uint16_t>(request, 2)};
        return name < request.size()
                   ? fmt::format("{}:{}", request.substr(name, request.size() - name - 1), end.port)
                   : to_string(end);
    }
    const std::uint16_t port = load_be<std::uint16_t>(request, request.size() - 2);
    if (byte(request, 3) == 3) {
        return fmt::format("{}:{}", request.substr(5, byte(request, 4)), port);
    }
    return to_string(Endpoint{address_at(request, 4, byte(request, 3) == 1 ? 4 : 16), port});
}

Length proxy_header(ByteView bytes) {
    constexpr ByteView kLine = "PROXY ";
    constexpr ByteView kBinary("\r\n\r\n\0\r\nQUIT\n", 12);
    constexpr std::size_t kFixed = 16;
    constexpr std::size_t kMostFollows = 2048;
    const ByteView beginning = bytes.substr(0, kBinary.size());
    if (kLine.starts_with(bytes.substr(0, kLine.size())) || bytes.starts_with(kLine)) {
        return bytes.size() < kLine.size() ? kMore : proxy_line(bytes);
    }
    if (!kBinary.starts_with(beginning)) {
        return kNo;
    }
    if (bytes.size() < kFixed) {
        return kMore;
    }
    const std::size_t follows = load_be<std::uint16_t>(bytes, 14);
    const unsigned command = byte(bytes, 12);
    return (command == 0x20 || command == 0x21) && follows <= kMostFollows ? whole(bytes, kFixed + follows)
                                                                           : kNo;
}

Length socks_greeting(ByteView bytes) {
    if (bytes.empty()) {
        return kMore;
    }
    const unsigned version = byte(bytes, 0);
    if (version == 5) {
        return bytes.size() < 2 ? kMore : byte(bytes, 1) == 0 ? kNo : whole(bytes, 2U + byte(bytes, 1));
    }
    const bool command = bytes.size() < 2 || byte(bytes, 1) == 1 || byte(bytes, 1) == 2;
    return version == 4 && command ? socks4_request(bytes) : kNo;
}

Length socks5_authentication(ByteView bytes) {
    if (bytes.size() < 2) {
        return kMore;
    }
    const std::size_t user = byte(bytes, 1);
    return bytes.size() < 3 + user ? kMore : whole(bytes, 3 + user + byte(bytes, 2 + user));
}

Length socks5_request(ByteView bytes) {
    constexpr std::size_t kFixed = 4;
    constexpr std::size_t kPort = 2;
    if (bytes.size() <= kFixed) {
        return kMore;
    }
    switch (byte(bytes, 3)) {
        case 1:
            return whole(bytes, kFixed + 4 + kPort);
        case 3:
            return whole(bytes, kFixed + 1U + byte(bytes, 4) + kPort);
        case 4:
            return whole(bytes, kFixed + 16 + kPort);
        default:
            return kNo;
    }
}

}  // namespace sslsniff::preamble
