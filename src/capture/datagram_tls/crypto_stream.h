#pragma once

#include <cstddef>
#include <cstdint>
#include <map>

#include "base/bytes.h"

namespace sslsniff {

/// The handshake messages that CRYPTO frames carry (RFC 9000 section 19.6), in any order and overlapping, up
/// to the end of the first message. At most kMostBytes are kept, in at most kMostPieces pieces.
class QuicCryptoStream {
  public:
    static constexpr std::size_t kMostBytes = 16384;
    static constexpr std::size_t kMostPieces = 256;

    /// The frames of an Initial packet. What comes behind one that such a packet may not have is not read.
    void add_frames(ByteView frames);

    /// What there is of the first message (TLS, with its header of 4 bytes) without a hole.
    ByteView message() const { return message_; }
    bool is_complete() const;

  private:
    void add(std::uint64_t offset, ByteView data);

    Bytes message_;
    std::map<std::uint64_t, Bytes> waiting_;  ///< behind a hole, by offset
    std::size_t waiting_bytes_ = 0;
};

}  // namespace sslsniff
