// The extensible parts of DNS: lists of (code, length, value) in SVCB records and in EDNS.
#include <fmt/format.h>

#include <algorithm>

#include "base/text.h"
#include "model/connection.h"
#include "protocols/dns/name.h"
#include "protocols/dns/rdata.h"
#include "protocols/dns/registry_names.h"

namespace sslsniff::dns {
namespace {

template <class ReadOne>
std::string comma_list(WireReader& value, ReadOne read_one) {
    std::string out;
    while (value.left() > 0) {
        out += out.empty() ? "" : ",";
        out += read_one(value);
    }
    return out;
}

std::string ip(WireReader& value, bool v6) {
    IpAddress out;
    out.family = v6 ? IpAddress::Family::v6 : IpAddress::Family::v4;
    std::ranges::copy(value.bytes(v6 ? 16 : 4), out.bytes.begin());
    return to_string(out);
}

std::string alpn_id(WireReader& value) {
    std::string out;
    append_label(out, value.character_string());
    return out;
}

/// One SVCB parameter's value (RFC 9460 section 7).
std::string svc_value(std::uint16_t key, WireReader& value) {
    switch (key) {
        case 0:
            return comma_list(value, [](WireReader& v) { return svc_param_name(v.u16()); });
        case 1:
            return comma_list(value, alpn_id);
        case 3:
            return std::to_string(value.u16());
        case 4:
            return comma_list(value, [](WireReader& v) { return ip(v, false); });
        case 5:
            return base64(value.rest());
        case 6:
            return comma_list(value, [](WireReader& v) { return ip(v, true); });
        default:
            return quoted(value.rest());
    }
}

/// RFC 7871 section 6: family, prefix lengths, as many bytes of address as the source prefix needs.
std::string client_subnet(WireReader& value) {
    const auto family = value.u16();
    const auto source = value.u8();
    const auto scope = value.u8();
    const ByteView bytes = value.rest();
    const std::size_t full = family == 1 ? 4 : 16;
    if (family < 1 || family > 2 || bytes.size() > full || source > full * 8) {
        value.fail();
        return {};
    }
    IpAddress address;
    address.family = family == 1 ? IpAddress::Family::v4 : IpAddress::Family::v6;
    std::ranges::copy(bytes, address.bytes.begin());
    return scope == 0 ? fmt::format("{}/{}", to_string(address), source)
                      : fmt::format("{}/{}/{}", to_string(address), source, scope);
}

std::string extended_error(WireReader& value) {
    const auto code = value.u16();
    const std::string_view name = extended_error_name(code);
    const ByteView text = value.rest();
    return fmt::format("{}{}{}{}{}", code, name.empty() ? "" : " ", name, text.empty() ? "" : ": ",
                       printable(text));
}

std::string option_text(std::uint16_t code, WireReader value) {
    WireReader reader = value;
    std::string out;
    switch (code) {
        case 3: {
            const ByteView nsid = reader.rest();
            out = is_utf8(nsid) ? printable(nsid) : hex(nsid);
            break;
        }
        case 8:
            out = client_subnet(reader);
            break;
        case 11:
            out = reader.left() == 0 ? "" : fmt::format("{}ms", reader.u16() * 100U);
            break;
        case 12:
            out = fmt::format("{} bytes", reader.rest().size());
            break;
        case 15:
            out = extended_error(reader);
            break;
        default:
            out = hex(reader.rest());
            break;
    }
    return reader.good() && reader.left() == 0 ? out : hex(value.rest());
}

}  // namespace

std::string svc_params(WireReader& reader) {
    std::string out;
    while (reader.left() > 0) {
        const auto key = reader.u16();
        WireReader value = reader.part(reader.u16());
        const bool has_value = value.left() > 0;
        const std::string text = svc_value(key, value);
        if (!value.good() && has_value) {
            reader.fail();
        }
        out += ' ' + svc_param_name(key) + (has_value ? '=' + text : std::string{});
    }
    return out;
}

std::vector<EdnsOption> edns_options(WireReader& reader) {
    std::vector<EdnsOption> out;
    while (reader.left() > 0) {
        const auto code = reader.u16();
        const WireReader value = reader.part(reader.u16());
        if (reader.good()) {
            out.push_back({code, option_text(code, value)});
        }
    }
    return out;
}

}  // namespace sslsniff::dns
