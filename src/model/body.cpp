#include "model/body.h"

namespace sslsniff {

void append(Body& body, ByteView octets, std::size_t limit) {
    // After a gap nothing more is kept: the captured octets are a prefix, never a collage.
    if (body.missing == 0 && body.captured.size() == body.size && body.captured.size() < limit) {
        body.captured.append(octets.substr(0, limit - body.captured.size()));
    }
    body.size += octets.size();
}

}  // namespace sslsniff
