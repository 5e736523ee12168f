#pragma once

#include <cstdint>
#include <optional>
#include <string>

#include "model/exchange.h"
#include "protocols/byte_reader.h"
#include "protocols/framed/framing.h"

/// Apache Thrift behind the length of framed transport
/// (https://github.com/apache/thrift/blob/master/doc/specs/thrift-rpc.md), in the binary and the compact
/// protocol.
namespace sslsniff::thrift {

enum class MessageType : std::uint8_t { call = 1, reply, exception, oneway };
enum class Encoding : std::uint8_t { binary, compact };

inline constexpr std::size_t kLength = 4;  ///< bytes of the frame's length
/// More bytes are not needed to tell a message: names are shorter.
inline constexpr std::size_t kMostHeader = 300;

struct MessageHeader {
    Encoding encoding = Encoding::binary;
    MessageType type = MessageType::call;
    std::int32_t sequence_id = 0;
    ByteView name{};
};
/// Takes it from behind the length; nothing when it is none, or cut off.
std::optional<MessageHeader> read_message_header(ByteReader& reader);

/// Takes a struct and writes it as an object by the numbers of its fields; deep ones and large ones in part.
/// Returns the number of its first field, which tells of a reply whether it is a result (0) or an exception;
/// -1: it has none. `text` is the first text in it. Fails where it makes no sense.
std::int32_t write_struct(Encoding encoding, ByteReader& reader, std::string_view key, FieldWriter& writer,
                          std::string& text, std::size_t max_text);

class ThriftFraming final : public framed::Framing {
  public:
    framed::Look look(framed::Side side, ByteView bytes) const override;
    std::size_t max_header() const override { return kMostHeader; }
};

}  // namespace sslsniff::thrift
