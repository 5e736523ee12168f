#include "protocols/framed/tiling.h"

namespace sslsniff::framed {

void Tiling::look(ByteView bytes) {
    exact_ = !bad_ && whole_ > 0 && at_ == bytes.size();
    cut_is_telling_ = false;
    while (!bad_ && at_ < bytes.size()) {
        const ByteView rest = bytes.substr(at_);
        const bool first = beginning_ && at_ == 0;
        const Look look = first ? framing_->look_first(side_, rest) : framing_->look(side_, rest);
        if (look.state == Look::State::need_more) {
            bad_ = rest.size() >= framing_->max_header();
            return;
        }
        if (look.state == Look::State::malformed || look.size == 0) {
            bad_ = true;
            return;
        }
        if (look.size > rest.size()) {
            cut_is_telling_ = look.is_telling && look.by_header;
            return;
        }
        at_ += look.size;
        ++whole_;
        telling_ += look.is_telling ? 1 : 0;
        exact_ = at_ == bytes.size();
    }
}

}  // namespace sslsniff::framed
