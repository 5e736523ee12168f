#pragma once

#include <cstddef>
#include <cstdint>
#include <memory>
#include <string>
#include <string_view>

#include "base/bytes.h"

namespace sslsniff {

/// Takes all bytes of a body as they pass, however many (--save-bodies).
class BodyRecord {
  public:
    BodyRecord() = default;
    BodyRecord(const BodyRecord&) = delete;
    BodyRecord& operator=(const BodyRecord&) = delete;
    virtual ~BodyRecord() = default;

    virtual void write(ByteView bytes) = 0;  ///< the next ones, as sent
    virtual void miss() = 0;                 ///< bytes are missing here
    virtual void end() = 0;                  ///< the body is over
    virtual std::size_t held() const = 0;    ///< bytes of memory that it needs by now, itself included
    virtual void spill() = 0;                ///< moves what it can out of memory; nothing is lost by it
    /// Where it is found; empty as long as it is not.
    virtual const std::string& name() const = 0;
};

/// Where parsers get records from.
class BodyStore {
  public:
    BodyStore() = default;
    BodyStore(const BodyStore&) = delete;
    BodyStore& operator=(const BodyStore&) = delete;
    virtual ~BodyStore() = default;

    /// For one body. What it takes is dropped with it, unless the store has been told to keep it.
    virtual std::shared_ptr<BodyRecord> open(std::string_view content_encoding) = 0;
};

/// A message body, bounded: the size is always the true one, the bytes kept may be fewer.
struct Body {
    std::uint64_t size = 0;        ///< bytes of content that passed (transfer coding removed), kept or not
    std::uint64_t missing = 0;     ///< bytes known to belong to it that were not captured
    Bytes captured;                ///< the first bytes, up to --max-body
    std::string content_type;      ///< Content-Type as sent, hostile; empty when none
    std::string content_encoding;  ///< Content-Encoding as sent; `captured` is still encoded
    std::string json;  ///< one line: what a schema (--proto) makes of it; empty when there is none
    std::shared_ptr<BodyRecord> record;  ///< where all of it goes; mostly null
    bool truncated() const { return captured.size() < size; }
    /// Bytes of memory outside of itself, those of `record` included.
    std::size_t held() const;
    /// Gives up what was captured; the record is spilled. False when there was nothing to lose.
    bool shed();
};

/// Appends to `body` within `limit` bytes of `captured`.
void append(Body& body, ByteView bytes, std::size_t limit);

}  // namespace sslsniff
