#include "protocols/dns/registry_names.h"

#include <fmt/format.h>

#include <array>

#include "model/names.h"

namespace sslsniff::dns {
namespace {

constexpr auto kTypes = std::to_array<std::pair<std::uint16_t, std::string_view>>(
    {{1, "A"},      {2, "NS"},       {5, "CNAME"},       {6, "SOA"},     {10, "NULL"},   {11, "WKS"},
     {12, "PTR"},   {13, "HINFO"},   {14, "MINFO"},      {15, "MX"},     {16, "TXT"},    {17, "RP"},
     {18, "AFSDB"}, {24, "SIG"},     {25, "KEY"},        {28, "AAAA"},   {29, "LOC"},    {33, "SRV"},
     {35, "NAPTR"}, {36, "KX"},      {37, "CERT"},       {39, "DNAME"},  {41, "OPT"},    {42, "APL"},
     {43, "DS"},    {44, "SSHFP"},   {45, "IPSECKEY"},   {46, "RRSIG"},  {47, "NSEC"},   {48, "DNSKEY"},
     {49, "DHCID"}, {50, "NSEC3"},   {51, "NSEC3PARAM"}, {52, "TLSA"},   {53, "SMIMEA"}, {55, "HIP"},
     {59, "CDS"},   {60, "CDNSKEY"}, {61, "OPENPGPKEY"}, {62, "CSYNC"},  {63, "ZONEMD"}, {64, "SVCB"},
     {65, "HTTPS"}, {99, "SPF"},     {108, "EUI48"},     {109, "EUI64"}, {249, "TKEY"},  {250, "TSIG"},
     {251, "IXFR"}, {252, "AXFR"},   {255, "ANY"},       {256, "URI"},   {257, "CAA"},   {260, "AMTRELAY"}});

constexpr auto kClasses = std::to_array<std::pair<std::uint16_t, std::string_view>>(
    {{1, "IN"}, {3, "CH"}, {4, "HS"}, {254, "NONE"}, {255, "ANY"}});

constexpr auto kRcodes = std::to_array<std::pair<std::uint16_t, std::string_view>>(
    {{0, "NOERROR"},  {1, "FORMERR"},    {2, "SERVFAIL"}, {3, "NXDOMAIN"},  {4, "NOTIMP"},
     {5, "REFUSED"},  {6, "YXDOMAIN"},   {7, "YXRRSET"},  {8, "NXRRSET"},   {9, "NOTAUTH"},
     {10, "NOTZONE"}, {11, "DSOTYPENI"}, {16, "BADVERS"}, {17, "BADKEY"},   {18, "BADTIME"},
     {19, "BADMODE"}, {20, "BADNAME"},   {21, "BADALG"},  {22, "BADTRUNC"}, {23, "BADCOOKIE"}});

constexpr auto kOpcodes = std::to_array<std::pair<std::uint8_t, std::string_view>>(
    {{0, "QUERY"}, {1, "IQUERY"}, {2, "STATUS"}, {4, "NOTIFY"}, {5, "UPDATE"}, {6, "DSO"}});

// RFC 8490 section 10.3, RFC 8765 section 8
constexpr auto kTlvs = std::to_array<std::pair<std::uint16_t, std::string_view>>({{1, "KeepAlive"},
                                                                                  {2, "RetryDelay"},
                                                                                  {3, "EncryptionPadding"},
                                                                                  {0x40, "SUBSCRIBE"},
                                                                                  {0x41, "PUSH"},
                                                                                  {0x42, "UNSUBSCRIBE"},
                                                                                  {0x43, "RECONFIRM"}});

constexpr auto kEdnsOptions =
    std::to_array<std::pair<std::uint16_t, std::string_view>>({{3, "nsid"},
                                                               {5, "dau"},
                                                               {6, "dhu"},
                                                               {7, "n3u"},
                                                               {8, "client-subnet"},
                                                               {9, "expire"},
                                                               {10, "cookie"},
                                                               {11, "tcp-keepalive"},
                                                               {12, "padding"},
                                                               {13, "chain"},
                                                               {14, "key-tag"},
                                                               {15, "extended-error"},
                                                               {18, "report-channel"},
                                                               {19, "zoneversion"}});

constexpr auto kExtendedErrors =
    std::to_array<std::pair<std::uint16_t, std::string_view>>({{0, "Other Error"},
                                                               {1, "Unsupported DNSKEY Algorithm"},
                                                               {2, "Unsupported DS Digest Type"},
                                                               {3, "Stale Answer"},
                                                               {4, "Forged Answer"},
                                                               {5, "DNSSEC Indeterminate"},
                                                               {6, "DNSSEC Bogus"},
                                                               {7, "Signature Expired"},
                                                               {8, "Signature Not Yet Valid"},
                                                               {9, "DNSKEY Missing"},
                                                               {10, "RRSIGs Missing"},
                                                               {11, "No Zone Key Bit Set"},
                                                               {12, "NSEC Missing"},
                                                               {13, "Cached Error"},
                                                               {14, "Not Ready"},
                                                               {15, "Blocked"},
                                                               {16, "Censored"},
                                                               {17, "Filtered"},
                                                               {18, "Prohibited"},
                                                               {19, "Stale NXDOMAIN Answer"},
                                                               {20, "Not Authoritative"},
                                                               {21, "Not Supported"},
                                                               {22, "No Reachable Authority"},
                                                               {23, "Network Error"},
                                                               {24, "Invalid Data"}});

constexpr auto kSvcParams = std::to_array<std::pair<std::uint16_t, std::string_view>>({{0, "mandatory"},
                                                                                       {1, "alpn"},
                                                                                       {2, "no-default-alpn"},
                                                                                       {3, "port"},
                                                                                       {4, "ipv4hint"},
                                                                                       {5, "ech"},
                                                                                       {6, "ipv6hint"},
                                                                                       {7, "dohpath"},
                                                                                       {8, "ohttp"}});

template <class Key, std::size_t N>
constexpr std::string_view find(const std::array<std::pair<Key, std::string_view>, N>& table, Key key) {
    const std::string_view name = name_of(table, key);
    return name == "?" ? std::string_view{} : name;
}

template <class Key, std::size_t N>
std::string name_or(const std::array<std::pair<Key, std::string_view>, N>& table, Key key,
                    std::string_view prefix) {
    const std::string_view name = find(table, key);
    return name.empty() ? fmt::format("{}{}", prefix, key) : std::string(name);
}

}  // namespace

std::string type_name(std::uint16_t type) {
    return name_or(kTypes, type, "TYPE");
}
bool is_known_type(std::uint16_t type) {
    return !find(kTypes, type).empty();
}
std::string class_name(std::uint16_t klass) {
    return name_or(kClasses, klass, "CLASS");
}
std::string rcode_name(std::uint16_t rcode) {
    return name_or(kRcodes, rcode, "RCODE");
}
bool is_known_rcode(std::uint16_t rcode) {
    return !find(kRcodes, rcode).empty();
}
std::string opcode_name(std::uint8_t opcode) {
    return name_or(kOpcodes, opcode, "OPCODE");
}
bool is_known_opcode(std::uint8_t opcode) {
    return !find(kOpcodes, opcode).empty();
}
std::string tlv_name(std::uint16_t type) {
    return name_or(kTlvs, type, "TLV");
}
std::string edns_option_name(std::uint16_t code) {
    return name_or(kEdnsOptions, code, "");
}
std::string_view extended_error_name(std::uint16_t code) {
    return find(kExtendedErrors, code);
}
std::string svc_param_name(std::uint16_t key) {
    return name_or(kSvcParams, key, "key");
}

}  // namespace sslsniff::dns
