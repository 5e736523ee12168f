#pragma once

#include <cstdint>
#include <string>

#include "base/bytes.h"
#include "protocols/redis/exchange.h"

namespace sslsniff::redis {

/// Passes over the data set a master sends to a replica: `$LENGTH CRLF bytes`, or diskless
/// `$EOF:MARK CRLF bytes MARK` with a mark of 40 bytes; no CRLF behind it. The master sends lone LFs
/// before it to keep the connection alive.
class SnapshotReader {
  public:
    enum class Result : std::uint8_t { need_more, done, malformed };
    Result read(ByteView& bytes);
    /// `bytes` are missing here. False when the end of the snapshot may be among them.
    bool skip(std::uint64_t bytes);
    const Snapshot& snapshot() const { return snapshot_; }

  private:
    enum class State : std::uint8_t { header, sized, marked };
    Result header(ByteView& bytes);
    Result marked(ByteView& bytes);

    State state_ = State::header;
    std::string line_;
    std::string mark_;
    std::string tail_;        ///< the last bytes, which may begin the mark
    std::uint64_t left_ = 0;  ///< bytes still to come when sized
    Snapshot snapshot_;
};

}  // namespace sslsniff::redis
