#include "protocols/dns/rdata.h"

#include <fmt/format.h>

#include <algorithm>
#include <chrono>

#include "base/text.h"
#include "model/connection.h"
#include "protocols/dns/name.h"
#include "protocols/dns/registry_names.h"

namespace sslsniff::dns {
namespace {

std::string address(ByteView bytes) {
    IpAddress ip;
    ip.family = bytes.size() == 4 ? IpAddress::Family::v4 : IpAddress::Family::v6;
    std::ranges::copy(bytes, ip.bytes.begin());
    return to_string(ip);
}

std::string character_strings(WireReader& reader) {
    std::string out;
    while (reader.left() > 0) {
        out += out.empty() ? "" : " ";
        out += quoted(reader.character_string());
    }
    return out;
}

std::string soa(WireReader& reader) {
    std::string out = reader.name();
    out += ' ' + reader.name();
    for (int i = 0; i < 5; ++i) {  // serial refresh retry expire minimum
        out += ' ' + std::to_string(reader.u32());
    }
    return out;
}

std::string srv(WireReader& reader) {
    const auto priority = reader.u16();
    const auto weight = reader.u16();
    const auto port = reader.u16();
    return fmt::format("{} {} {} {}", priority, weight, port, reader.name());
}

std::string naptr(WireReader& reader) {
    const auto order = reader.u16();
    const auto preference = reader.u16();
    std::string out = fmt::format("{} {}", order, preference);
    for (int i = 0; i < 3; ++i) {  // flags, services, regexp
        out += ' ' + quoted(reader.character_string());
    }
    return out + ' ' + reader.name();
}

std::string caa(WireReader& reader) {
    const auto flags = reader.u8();
    const ByteView tag = reader.character_string();
    std::string out = fmt::format("{} ", flags);
    append_label(out, tag);
    return out + ' ' + quoted(reader.rest());
}

/// DS, TLSA, SSHFP: some small numbers, then hex.
std::string numbers_and_hex(WireReader& reader, bool leading_u16, int bytes) {
    std::string out = leading_u16 ? fmt::format("{} ", reader.u16()) : std::string{};
    for (int i = 0; i < bytes; ++i) {
        out += fmt::format("{} ", reader.u8());
    }
    return out + hex(reader.rest());
}

/// RFC 4034 appendix B.
std::uint16_t key_tag(ByteView rdata) {
    std::uint32_t sum = 0;
    for (std::size_t i = 0; i < rdata.size(); ++i) {
        const auto byte = static_cast<unsigned char>(rdata[i]);
        sum += (i & 1) != 0 ? byte : std::uint32_t{byte} << 8;
    }
    return static_cast<std::uint16_t>(sum + (sum >> 16));
}

std::string dnskey(WireReader& reader) {
    const std::uint16_t tag = key_tag(WireReader(reader).rest());
    const auto flags = reader.u16();
    const auto protocol = reader.u8();
    const auto algorithm = reader.u8();
    return fmt::format("{} {} {} ({} bytes, key tag {})", flags, protocol, algorithm, reader.rest().size(),
                       tag);
}

/// RRSIG times: seconds since 1970, as YYYYMMDDHHMMSS (RFC 4034 section 3.2).
std::string signature_time(std::uint32_t seconds) {
    const std::chrono::sys_seconds time{std::chrono::seconds(seconds)};
    const auto day = std::chrono::floor<std::chrono::days>(time);
    const std::chrono::year_month_day date(day);
    const std::chrono::hh_mm_ss clock(time - day);
    return fmt::format("{:04}{:02}{:02}{:02}{:02}{:02}", static_cast<int>(date.year()),
                       static_cast<unsigned>(date.month()), static_cast<unsigned>(date.day()),
                       clock.hours().count(), clock.minutes().count(), clock.seconds().count());
}

std::string rrsig(WireReader& reader) {
    const auto type = reader.u16();
    const auto algorithm = reader.u8();
    const auto labels = reader.u8();
    const auto ttl = reader.u32();
    const auto expiration = reader.u32();
    const auto inception = reader.u32();
    const auto tag = reader.u16();
    const std::string signer = reader.name();
    return fmt::format("{} {} {} {} {} {} {} {} ({} bytes)", type_name(type), algorithm, labels, ttl,
                       signature_time(expiration), signature_time(inception), tag, signer,
                       reader.rest().size());
}

/// RFC 4034 section 4.1.2.
std::string type_bitmap(WireReader& reader) {
    std::string out;
    while (reader.left() > 0) {
        const auto window = reader.u8();
        const ByteView bits = reader.character_string();
        for (std::size_t i = 0; i < bits.size() * 8; ++i) {
            if ((static_cast<unsigned char>(bits[i / 8]) >> (7 - i % 8) & 1) != 0) {
                out += ' ' + type_name(static_cast<std::uint16_t>(window * std::size_t{256} + i));
            }
        }
    }
    return out;
}

std::string nsec3(WireReader& reader, bool with_next) {
    const auto algorithm = reader.u8();
    const auto flags = reader.u8();
    const auto iterations = reader.u16();
    const std::string salt = hex(reader.character_string());
    std::string out = fmt::format("{} {} {} {}", algorithm, flags, iterations, salt.empty() ? "-" : salt);
    if (with_next) {
        out += ' ' + base32hex(reader.character_string());
        out += type_bitmap(reader);
    }
    return out;
}

std::string svcb(WireReader& reader) {
    const auto priority = reader.u16();
    std::string out = fmt::format("{} {}", priority, reader.name());
    return out.append(svc_params(reader));
}

std::string known(std::uint16_t type, WireReader& reader) {
    switch (type) {
        case kA:
            return address(reader.bytes(4));
        case kAaaa:
            return address(reader.bytes(16));
        case kNs:
        case kCname:
        case kPtr:
        case kDname:
            return reader.name();
        case kMx: {
            const auto preference = reader.u16();
            return fmt::format("{} {}", preference, reader.name());
        }
        case kSoa:
            return soa(reader);
        case kSrv:
            return srv(reader);
        case kTxt:
        case kSpf:
        case kHinfo:
            return character_strings(reader);
        case kNaptr:
            return naptr(reader);
        case kCaa:
            return caa(reader);
        case kUri: {
            const auto priority = reader.u16();
            const auto weight = reader.u16();
            return fmt::format("{} {} {}", priority, weight, quoted(reader.rest()));
        }
        case kDs:
        case kCds:
            return numbers_and_hex(reader, true, 2);
        case kSshfp:
            return numbers_and_hex(reader, false, 2);
        case kTlsa:
        case kSmimea:
            return numbers_and_hex(reader, false, 3);
        case kDnskey:
        case kCdnskey:
            return dnskey(reader);
        case kRrsig:
            return rrsig(reader);
        case kNsec: {
            std::string out = reader.name();
            return out.append(type_bitmap(reader));
        }
        case kNsec3:
            return nsec3(reader, true);
        case kNsec3Param:
            return nsec3(reader, false);
        case kSvcb:
        case kHttps:
            return svcb(reader);
        default:
            reader.fail();
            return {};
    }
}

}  // namespace

std::string rdata_text(std::uint16_t type, WireReader rdata) {
    WireReader reader = rdata;
    std::string out = known(type, reader);
    if (reader.good() && reader.left() == 0) {
        return out;
    }
    const ByteView bytes = rdata.rest();
    // Records are bounded by the message's 64 KiB; so is the hex form, twice that.
    return bytes.empty() ? "\\# 0" : fmt::format("\\# {} {}", bytes.size(), hex(bytes));
}

}  // namespace sslsniff::dns
