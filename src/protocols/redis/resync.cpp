#include "protocols/redis/resync.h"

#include <algorithm>
#include <utility>

#include "protocols/redis/plausible.h"

namespace sslsniff::redis {

void Resync::lose() {
    searching_ = true;
    at_start_ = true;
    tail_.clear();
}

Verdict Resync::plausible(ByteView bytes) const {
    return grammar_ == RespReader::Grammar::requests ? plausible_request(bytes, false)
                                                     : plausible_reply(bytes);
}

std::optional<Bytes> Resync::find(ByteView bytes) {
    Bytes all = std::move(tail_);
    all.append(bytes);
    tail_.clear();
    const ByteView view = all;
    for (std::size_t at = 0; at < view.size();) {
        if (at > 0 || at_start_) {
            switch (plausible(view.substr(at))) {
                case Verdict::likely:
                case Verdict::yes:
                    searching_ = false;
                    return Bytes(view.substr(at));
                case Verdict::need_more:
                    // Keep the CRLF before it too, so that the next call sees a candidate.
                    tail_ = view.substr(at_start_ && at == 0 ? 0 : at - 2);
                    return std::nullopt;
                case Verdict::no:
                    break;
            }
        }
        const std::size_t next = view.find("\r\n", at);
        if (next == ByteView::npos) {
            break;
        }
        at = next + 2;
        at_start_ = false;
    }
    // A CRLF may be cut by the chunk border or end the chunk.
    at_start_ = false;
    tail_ = view.substr(view.size() - std::min<std::size_t>(2, view.size()));
    return std::nullopt;
}

}  // namespace sslsniff::redis
