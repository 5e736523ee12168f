#include "protocols/memcached/framing.h"

#include "protocols/memcached/binary.h"
#include "protocols/memcached/text.h"

namespace sslsniff::memcached {
namespace {

using framed::Look;
using framed::Side;

constexpr std::uint32_t kMostBody = std::uint32_t{1} << 30U;

Look look_at_binary(Side side, ByteView bytes) {
    constexpr std::size_t kDataType = 5;
    if (bytes.size() > 1 && find_opcode(static_cast<std::uint8_t>(bytes[1])) == nullptr) {
        return framed::malformed();
    }
    if (bytes.size() < kBinaryHeader) {
        return framed::need_more();
    }
    const BinaryHeader header = read_binary_header(bytes);
    const Opcode& opcode = *find_opcode(header.opcode);
    const bool has_extras =
        side == Side::server || header.extras_size == opcode.extras || header.extras_size == opcode.optional;
    const bool good = bytes[kDataType] == 0 && header.body_size <= kMostBody && has_extras &&
                      header.body_size >= std::uint32_t{header.key_size} + header.extras_size &&
                      (side == Side::client || !status_name(header.status).empty());
    return good ? framed::message_of(kBinaryHeader + std::uint64_t{header.body_size}, true)
                : framed::malformed();
}

/// A line, and a data block if it announces one.
/// `by_header`: see Look.
Look look_at_line(std::size_t line, std::optional<std::uint64_t> data, bool is_telling, bool by_header,
                  ByteView bytes) {
    if (!data) {
        return framed::message_of(line, is_telling);
    }
    const std::uint64_t end = line + *data;
    const std::uint64_t size = end + kLineEnd.size();
    const bool is_whole = bytes.size() >= size;
    if (is_whole && bytes.substr(end, kLineEnd.size()) != kLineEnd) {
        return framed::malformed();
    }
    return {Look::State::message, size, is_telling && (is_whole || by_header), by_header};
}

}  // namespace

Look MemcachedFraming::look(Side side, ByteView bytes) const {
    if (bytes.empty()) {
        return framed::need_more();
    }
    if (bytes.front() == (side == Side::client ? kRequestMagic : kResponseMagic)) {
        return look_at_binary(side, bytes);
    }
    if (side == Side::client) {
        if (const auto command = read_command(bytes)) {
            return look_at_line(command->size, command->data_size, command->spec->is_telling,
                                command->spec->verb == Verb::store, bytes);
        }
    } else if (const auto reply = read_reply(bytes)) {
        return look_at_line(reply->size, reply->data_size, reply->is_telling, reply->kind == ReplyKind::value,
                            bytes);
    }
    const ByteView head = bytes.substr(0, kMostLine);
    const bool may_be = side == Side::client ? may_begin_command(head) : may_begin_reply(head);
    return may_be && head.find('\n') == ByteView::npos ? framed::need_more() : framed::malformed();
}

std::size_t MemcachedFraming::max_header() const {
    return kMostLine;
}

}  // namespace sslsniff::memcached
