#pragma once

#include <cstdint>
#include <optional>
#include <string_view>
#include <vector>

#include "base/bytes.h"
#include "protocols/framed/framing.h"

/// Messages of the MongoDB Wire Protocol
/// (https://www.mongodb.com/docs/manual/reference/mongodb-wire-protocol/).
namespace sslsniff::mongodb {

/// MsgHeader: all numbers are little-endian.
struct Header {
    std::uint32_t size = 0;  ///< of the message, itself included
    std::int32_t request_id = 0;
    std::int32_t response_to = 0;
    std::int32_t opcode = 0;
};
inline constexpr std::size_t kHeader = 16;  ///< bytes

inline constexpr std::int32_t kReply = 1;
inline constexpr std::int32_t kUpdate = 2001;
inline constexpr std::int32_t kInsert = 2002;
inline constexpr std::int32_t kQuery = 2004;
inline constexpr std::int32_t kGetMore = 2005;
inline constexpr std::int32_t kDelete = 2006;
inline constexpr std::int32_t kKillCursors = 2007;
inline constexpr std::int32_t kCompressed = 2012;
inline constexpr std::int32_t kMsg = 2013;

/// "OP_MSG"; empty when there is none of that number.
std::string_view opcode_name(std::int32_t opcode);

inline constexpr std::uint32_t kChecksumPresent = 1;
inline constexpr std::uint32_t kMoreToCome = 2;
inline constexpr std::uint32_t kExhaustAllowed = 0x10000;

/// Of at least kHeader bytes.
Header read_header(ByteView bytes);

/// Documents of an OP_MSG that are sent beside its body.
struct Sequence {
    ByteView id;         ///< "documents", "updates", "deletes"
    ByteView documents;  ///< one after the other, as far as they are there
};

/// What a message holds, compressed or not. Views point into it, or into `decompressed`.
struct Content {
    std::int32_t opcode = 0;        ///< what is inside OP_COMPRESSED
    std::string_view compressor{};  ///< empty: it is not compressed
    bool is_readable = true;        ///< false: compressed in a way that cannot be undone here
    bool is_cut = false;            ///< not all of it is there
    std::uint32_t flags = 0;        ///< of OP_MSG
    ByteView body{};                ///< the command or the answer: a document
    std::vector<Sequence> sequences{};
    ByteView collection{};              ///< of the older messages: "db.collection"
    std::int64_t cursor_id = 0;         ///< OP_REPLY, OP_GET_MORE
    std::uint32_t documents_count = 0;  ///< OP_REPLY
    Bytes decompressed{};
};

/// `max_decompressed`: bytes.
void read_content(const framed::Message& message, std::size_t max_decompressed, Content& out);

/// How many documents begin there, one after the other, and whether that is all of them.
struct Count {
    std::uint64_t documents = 0;
    bool is_whole = true;
};
Count count_documents(ByteView documents);

}  // namespace sslsniff::mongodb
