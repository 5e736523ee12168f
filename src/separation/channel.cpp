#include "separation/channel.h"

#include <fmt/format.h>
#include <sys/socket.h>

#include <array>
#include <cerrno>
#include <cstring>

#include "base/system_error.h"
#include "separation/messages.h"

namespace sslsniff::separation {

Result<std::pair<Channel, Channel>> Channel::make_pair() {
    std::array<int, 2> ends{-1, -1};
    if (::socketpair(AF_UNIX, SOCK_SEQPACKET | SOCK_CLOEXEC, 0, ends.data()) != 0) {
        return fail(fmt::format("cannot create a socket: {}", error_text(errno)));
    }
    return std::pair(Channel(UniqueFd(ends[0])), Channel(UniqueFd(ends[1])));
}

Channel::Sent Channel::send(ByteView message, int fd, bool wait) const {
    iovec part{const_cast<char*>(message.data()), message.size()};  // not written to
    alignas(cmsghdr) std::array<char, CMSG_SPACE(sizeof fd)> control{};
    msghdr header{};
    header.msg_iov = &part;
    header.msg_iovlen = 1;
    if (fd >= 0) {
        header.msg_control = control.data();
        header.msg_controllen = control.size();
        cmsghdr* rights = CMSG_FIRSTHDR(&header);
        rights->cmsg_level = SOL_SOCKET;
        rights->cmsg_type = SCM_RIGHTS;
        rights->cmsg_len = CMSG_LEN(sizeof fd);
        std::memcpy(CMSG_DATA(rights), &fd, sizeof fd);
    }
    ssize_t sent = 0;
    do {
        sent = ::sendmsg(socket_.get(), &header, MSG_NOSIGNAL | (wait ? 0 : MSG_DONTWAIT));
    } while (sent < 0 && errno == EINTR);
    if (sent >= 0) {
        return Sent::sent;
    }
    return !wait && (errno == EAGAIN || errno == ENOBUFS) ? Sent::full : Sent::broken;
}

std::optional<Channel::Received> Channel::receive(Wait wait, bool& ended) const {
    Received received;
    received.bytes.resize(kLongestMessage);
    iovec part{received.bytes.data(), received.bytes.size()};
    alignas(cmsghdr) std::array<char, CMSG_SPACE(sizeof(int))> control{};
    msghdr header{};
    header.msg_iov = &part;
    header.msg_iovlen = 1;
    header.msg_control = control.data();
    header.msg_controllen = control.size();
    ssize_t size = 0;
    do {
        size = ::recvmsg(socket_.get(), &header, MSG_CMSG_CLOEXEC | (wait == Wait::yes ? 0 : MSG_DONTWAIT));
    } while (size < 0 && errno == EINTR);
    if (size <= 0) {
        ended = size == 0 || (errno != EAGAIN && errno != EWOULDBLOCK);
        return std::nullopt;
    }
    received.bytes.resize(static_cast<std::size_t>(size));
    for (cmsghdr* rights = CMSG_FIRSTHDR(&header); rights != nullptr; rights = CMSG_NXTHDR(&header, rights)) {
        if (rights->cmsg_level == SOL_SOCKET && rights->cmsg_type == SCM_RIGHTS &&
            rights->cmsg_len == CMSG_LEN(sizeof(int))) {
            int fd = -1;
            std::memcpy(&fd, CMSG_DATA(rights), sizeof fd);
            received.fd = UniqueFd(fd);
        }
    }
    return received;
}

}  // namespace sslsniff::separation
