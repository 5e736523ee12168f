#pragma once

#include <cstdint>
#include <optional>
#include <string>
#include <string_view>

/// Names of the IANA registry "Domain Name System (DNS) Parameters".
namespace sslsniff::dns {

inline constexpr std::uint16_t kA = 1;
inline constexpr std::uint16_t kNs = 2;
inline constexpr std::uint16_t kCname = 5;
inline constexpr std::uint16_t kSoa = 6;
inline constexpr std::uint16_t kPtr = 12;
inline constexpr std::uint16_t kHinfo = 13;
inline constexpr std::uint16_t kMx = 15;
inline constexpr std::uint16_t kTxt = 16;
inline constexpr std::uint16_t kAaaa = 28;
inline constexpr std::uint16_t kSrv = 33;
inline constexpr std::uint16_t kNaptr = 35;
inline constexpr std::uint16_t kDname = 39;
inline constexpr std::uint16_t kOpt = 41;
inline constexpr std::uint16_t kDs = 43;
inline constexpr std::uint16_t kSshfp = 44;
inline constexpr std::uint16_t kRrsig = 46;
inline constexpr std::uint16_t kNsec = 47;
inline constexpr std::uint16_t kDnskey = 48;
inline constexpr std::uint16_t kNsec3 = 50;
inline constexpr std::uint16_t kNsec3Param = 51;
inline constexpr std::uint16_t kTlsa = 52;
inline constexpr std::uint16_t kSmimea = 53;
inline constexpr std::uint16_t kCds = 59;
inline constexpr std::uint16_t kCdnskey = 60;
inline constexpr std::uint16_t kSvcb = 64;
inline constexpr std::uint16_t kHttps = 65;
inline constexpr std::uint16_t kSpf = 99;
inline constexpr std::uint16_t kIxfr = 251;
inline constexpr std::uint16_t kAxfr = 252;
inline constexpr std::uint16_t kUri = 256;
inline constexpr std::uint16_t kCaa = 257;

/// "AAAA", or "TYPE1234" (RFC 3597).
std::string type_name(std::uint16_t type);
bool is_known_type(std::uint16_t type);
/// "IN", or "CLASS1234".
std::string class_name(std::uint16_t klass);
/// "NOERROR", "NXDOMAIN", or "RCODE99".
std::string rcode_name(std::uint16_t rcode);
bool is_known_rcode(std::uint16_t rcode);
/// "QUERY", or "OPCODE9".
std::string opcode_name(std::uint8_t opcode);
bool is_known_opcode(std::uint8_t opcode);
/// "client-subnet", or "65001".
/// Of DNS Stateful Operations.
std::string tlv_name(std::uint16_t type);
std::string edns_option_name(std::uint16_t code);
/// Extended DNS errors (RFC 8914): "Stale Answer"; empty for unknown ones.
std::string_view extended_error_name(std::uint16_t code);
/// SVCB parameters (RFC 9460): "alpn", or "key1234".
std::string svc_param_name(std::uint16_t key);

}  // namespace sslsniff::dns
