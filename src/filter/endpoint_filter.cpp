#include "filter/endpoint_filter.h"

#include <fmt/format.h>
#include <pcap/pcap.h>

#include <algorithm>
#include <array>
#include <span>

#include "base/endian.h"
#include "base/text.h"

namespace sslsniff {
namespace {

constexpr std::uint8_t kTcp = 6;
constexpr std::uint8_t kUdp = 17;
constexpr int kSnapLength = 262'144;

struct ClosePcap {
    void operator()(pcap_t* handle) const { pcap_close(handle); }
};

/// Where programs for raw IP find version, addresses, protocol and ports.
struct Load {
    unsigned size;
    unsigned offset;
};
constexpr std::array kAbsolute{
    Load{BPF_B, 0},  Load{BPF_B, 9},  Load{BPF_H, 6},  // IPv4: version, protocol, fragment offset
    Load{BPF_B, 6},  Load{BPF_B, 40},                  // IPv6: next header, and behind a fragment header
    Load{BPF_W, 8},  Load{BPF_W, 12}, Load{BPF_W, 16}, Load{BPF_W, 20},  // addresses
    Load{BPF_W, 24}, Load{BPF_W, 28}, Load{BPF_W, 32}, Load{BPF_W, 36},  //
    Load{BPF_H, 40}, Load{BPF_H, 42}};                                   // IPv6: ports
constexpr std::array kIndirect{Load{BPF_H, 0}, Load{BPF_H, 2}};          // IPv4: ports

bool is_allowed(std::span<const Load> allowed, unsigned size, unsigned offset) {
    return std::ranges::any_of(allowed,
                               [&](const Load& load) { return load.size == size && load.offset == offset; });
}

/// True when the instruction looks at no more of a packet than its endpoints.
bool looks_at_endpoints(const bpf_insn& instruction) {
    const unsigned kind = BPF_CLASS(instruction.code);
    if (kind != BPF_LD && kind != BPF_LDX) {
        return true;
    }
    switch (BPF_MODE(instruction.code)) {
        case BPF_ABS:
            return is_allowed(kAbsolute, BPF_SIZE(instruction.code), instruction.k);
        case BPF_IND:
            return is_allowed(kIndirect, BPF_SIZE(instruction.code), instruction.k);
        case BPF_MSH:  // the header length of IPv4
            return instruction.k == 0;
        case BPF_LEN:
            return false;
        default:  // constants and scratch memory
            return true;
    }
}

void append_address(Bytes& out, const IpAddress& address) {
    out.append(reinterpret_cast<const char*>(address.bytes.data()),
               address.family == IpAddress::Family::v4 ? 4U : 16U);
}

/// Just enough of a packet for looks_at_endpoints().
Bytes packet(const Endpoint& source, const Endpoint& destination, std::uint8_t protocol) {
    Bytes out;
    if (source.address.family == IpAddress::Family::v4) {
        append_be<std::uint32_t>(out, 0x4500'0028);
        append_be<std::uint32_t>(out, 0);
        append_be<std::uint16_t>(out, static_cast<std::uint16_t>(64U << 8 | protocol));
        append_be<std::uint16_t>(out, 0);
    } else {
        append_be<std::uint32_t>(out, 0x6000'0000);
        append_be<std::uint32_t>(out, 20U << 16 | static_cast<std::uint32_t>(protocol) << 8 | 64);
    }
    append_address(out, source.address);
    append_address(out, destination.address);
    append_be(out, source.port);
    append_be(out, destination.port);
    return out.append(16, '\0');
}

Endpoint on_the_wire(const Endpoint& endpoint) {
    return {parse_ip(to_string(endpoint.address)).value_or(endpoint.address), endpoint.port};
}

}  // namespace

void EndpointFilter::FreeProgram::operator()(bpf_program* program) const {
    pcap_freecode(program);
    delete program;
}

EndpointFilter::EndpointFilter(std::unique_ptr<bpf_program, FreeProgram> program)
    : program_(std::move(program)) {}
EndpointFilter::EndpointFilter(EndpointFilter&&) noexcept = default;
EndpointFilter& EndpointFilter::operator=(EndpointFilter&&) noexcept = default;
EndpointFilter::~EndpointFilter() = default;

Result<EndpointFilter> EndpointFilter::compile(const std::string& expression) {
    const std::unique_ptr<pcap_t, ClosePcap> handle(pcap_open_dead(DLT_RAW, kSnapLength));
    std::unique_ptr<bpf_program, FreeProgram> program(new bpf_program{});
    if (!handle ||
        pcap_compile(handle.get(), program.get(), expression.c_str(), 1, PCAP_NETMASK_UNKNOWN) != 0) {
        return fail(ErrorKind::usage,
                    fmt::format("filter '{}': {}; see pcap-filter(7)", printable(expression),
                                handle ? pcap_geterr(handle.get()) : "out of memory"));
    }
    const std::span instructions(program->bf_insns, program->bf_len);
    if (!std::ranges::all_of(instructions, looks_at_endpoints)) {
        return fail(
            ErrorKind::usage,
            fmt::format("filter '{}' looks at single packets, but connections have only addresses, ports and "
                        "a protocol: "
                        "use host, net, port, portrange, tcp, udp, ip and ip6, or --where for their contents",
                        printable(expression)));
    }
    return EndpointFilter(std::move(program));
}

bool EndpointFilter::matches(const Endpoints& endpoints) const {
    const Endpoint local = on_the_wire(endpoints.local);
    const Endpoint remote = on_the_wire(endpoints.remote);
    const bool udp = endpoints.transport == Transport::udp;
    return passes(local, remote, udp) || passes(remote, local, udp);
}

bool EndpointFilter::passes(const Endpoint& source, const Endpoint& destination, bool udp) const {
    const Bytes bytes = packet(source, destination, udp ? kUdp : kTcp);
    pcap_pkthdr header{};
    header.caplen = static_cast<bpf_u_int32>(bytes.size());
    header.len = header.caplen;
    return pcap_offline_filter(program_.get(), &header, reinterpret_cast<const u_char*>(bytes.data())) != 0;
}

}  // namespace sslsniff
