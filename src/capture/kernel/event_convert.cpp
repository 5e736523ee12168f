#include "capture/kernel/event_convert.h"

#include <netinet/in.h>
#include <sys/socket.h>

#include <algorithm>
#include <cstring>
#include <ranges>
#include <vector>

#include "base/bytes.h"
#include "capture/discovery/container_id.h"

namespace sslsniff {

namespace {

IpAddress to_address(std::uint16_t family, const std::uint8_t (&bytes)[16]) {
    static constexpr std::array<std::uint8_t, 12> kMapped = {0, 0, 0, 0, 0, 0, 0, 0, 0, 0, 0xff, 0xff};
    IpAddress address;
    if (family == AF_INET) {
        address.family = IpAddress::Family::v4;
        std::copy_n(bytes, 4, address.bytes.begin());
    } else if (family == AF_INET6 && std::equal(kMapped.begin(), kMapped.end(), bytes)) {
        address.family = IpAddress::Family::v4;
        std::copy_n(bytes + 12, 4, address.bytes.begin());
    } else if (family == AF_INET6) {
        address.family = IpAddress::Family::v6;
        std::copy_n(bytes, 16, address.bytes.begin());
    }
    return address;
}

Transport to_transport(const bind_event& event) {
    if (event.family == AF_UNIX) {
        return Transport::unix_socket;
    }
    return event.protocol == IPPROTO_TCP   ? Transport::tcp
           : event.protocol == IPPROTO_UDP ? Transport::udp
                                           : Transport::unknown;
}

/// NUL-terminated components, the last one first.
std::vector<ByteView> components(ByteView reversed) {
    std::vector<ByteView> names;
    for (const auto part : std::views::split(reversed, '\0')) {
        if (!part.empty()) {
            names.emplace_back(part.begin(), part.end());
        }
    }
    return names;
}

std::string path_of(ByteView reversed) {
    std::string path;
    for (const ByteView name : components(reversed) | std::views::reverse) {
        path.append("/").append(name);
    }
    return path;
}

}  // namespace

LossCause to_loss_cause(std::uint32_t cause) {
    switch (cause) {
        case LOSS_RING_FULL:
            return LossCause::ring_full;
        case LOSS_FAULT:
            return LossCause::fault;
        case LOSS_SNAPLEN:
            return LossCause::snaplen;
        case LOSS_MAP_FULL:
            return LossCause::map_full;
        case LOSS_FRAME_LIMIT:
            return LossCause::frame_limit;
        case LOSS_NO_BUFFER:
            return LossCause::no_buffer;
        default:
            return LossCause::unknown;
    }
}

CloseReason to_close_reason(std::uint32_t cause) {
    switch (cause) {
        case CLOSED_SHUTDOWN:
            return CloseReason::shutdown;
        case CLOSED_SOCKET:
            return CloseReason::socket_closed;
        case CLOSED_RESET:
            return CloseReason::reset;
        case CLOSED_COVERED:
            return CloseReason::covered;
        case CLOSED_REFUSED:
            return CloseReason::refused;
        case CLOSED_TIMED_OUT:
            return CloseReason::timed_out;
        case CLOSED_TLS_BEGAN:
            return CloseReason::tls_began;
        case CLOSED_PROCESS_EXIT:
            return CloseReason::process_exit;
        default:
            return CloseReason::freed;
    }
}

Direction to_direction(std::uint8_t direction) {
    return direction == DIRECTION_SENT ? Direction::sent : Direction::received;
}

std::size_t index_of(Direction direction) {
    return direction == Direction::sent ? DIRECTION_SENT : DIRECTION_RECEIVED;
}

Endpoints to_endpoints(const bind_event& event) {
    Endpoints endpoints;
    endpoints.transport = to_transport(event);
    endpoints.local = {to_address(event.family, event.local), event.local_port};
    // A datagram whose sender nobody asked for has none.
    if (event.remote_port != 0 ||
        std::ranges::any_of(event.remote, [](std::uint8_t byte) { return byte != 0; })) {
        endpoints.remote = {to_address(event.family, event.remote), event.remote_port};
    }
    endpoints.socket_cookie = event.cookie;
    endpoints.netns = event.netns;
    if (event.connect_us != 0) {
        endpoints.connect_time = std::chrono::microseconds(event.connect_us);
    }
    if ((event.header.flags & BIND_NUMBERS) != 0) {
        endpoints.sequence = {event.sequence[DIRECTION_SENT], event.sequence[DIRECTION_RECEIVED]};
    }
    return endpoints;
}

ProcessInfo to_process_info(const process_event& event) {
    ProcessInfo info;
    info.key = {event.pid, event.start_time};
    info.comm.assign(event.comm, strnlen(event.comm, sizeof(event.comm)));
    info.uid = event.uid;
    return info;
}

ProcessInfo to_process_info(const exec_event& event) {
    ProcessInfo info = to_process_info(event.process);
    info.exe = path_of(ByteView(event.exe, event.exe_length));
    info.container_id = container_id_of_path(path_of(ByteView(event.cgroup, event.cgroup_length)));
    return info;
}

}  // namespace sslsniff
