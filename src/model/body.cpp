#include "model/body.h"

#include "base/give_back.h"
#include "base/memory.h"
#include "base/saturating.h"

namespace sslsniff {

void append(Body& body, ByteView bytes, std::size_t limit) {
    // After a gap nothing more is kept: the captured bytes are a prefix, never a collage.
    if (body.missing == 0 && body.captured.size() == body.size && body.captured.size() < limit) {
        body.captured.append(bytes.substr(0, limit - body.captured.size()));
    }
    add_saturating(body.size, std::uint64_t{bytes.size()});
}

std::size_t Body::held() const {
    return heap_bytes(captured) + heap_bytes(content_type) + heap_bytes(content_encoding) + heap_bytes(json) +
           (record ? record->held() : 0);
}

bool Body::shed() {
    if (record) {
        record->spill();
    }
    const bool any = !captured.empty() || !json.empty();
    give_back(captured);
    give_back(json);
    return any;
}

}  // namespace sslsniff
