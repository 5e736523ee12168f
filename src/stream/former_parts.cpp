#include "stream/former_parts.h"

#include <utility>

#include "model/socket_key.h"

namespace sslsniff {
namespace {

bool may_be_continued(const ConnectionInfo& info, CloseReason reason) {
    const bool tls_ended =
        info.carrier == Carrier::tls && (reason == CloseReason::shutdown || reason == CloseReason::freed);
    return info.endpoints.transport == Transport::tcp && (reason == CloseReason::tls_began || tls_ended);
}

}  // namespace

void FormerParts::add(const ConnectionInfo& info, unsigned part, CloseReason reason, Timestamp closed,
                      std::shared_ptr<const ParserSession> session) {
    if (!may_be_continued(info, reason)) {
        return;
    }
    std::string key = socket_key(info.endpoints);
    parts_[key] = {{info.id, part, info.tunnel, std::move(session)}, closed, ++last_};
    order_.emplace_back(last_, std::move(key));
    while (order_.size() > kMost) {
        const auto found = parts_.find(order_.front().second);
        if (found != parts_.end() && found->second.number == order_.front().first) {
            parts_.erase(found);
        }
        order_.pop_front();
    }
}

std::optional<FormerParts::Former> FormerParts::take(const ConnectionId& id, const Endpoints& endpoints,
                                                     Timestamp time) {
    if (parts_.empty() || endpoints.transport != Transport::tcp) {
        return std::nullopt;
    }
    auto part = parts_.extract(socket_key(endpoints));
    if (part.empty() || part.mapped().former.connection == id ||
        (endpoints.socket_cookie == 0 && part.mapped().closed != time)) {
        return std::nullopt;
    }
    return std::move(part.mapped().former);
}

}  // namespace sslsniff
