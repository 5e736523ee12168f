#include "protocols/thrift/message.h"

#include <algorithm>
#include <bit>

#include "base/endian.h"
#include "base/text.h"

namespace sslsniff::thrift {
namespace {

using framed::Look;
using framed::Side;

constexpr std::uint32_t kMostBytes = 256 * 1024 * 1024;
constexpr std::size_t kMostName = 200;
constexpr std::size_t kMostValues = 2000;
constexpr unsigned kMostDepth = 24;
constexpr std::uint8_t kCompactProtocol = 0x82;

/// Of the binary protocol; the compact one's are translated.
enum class Type : std::uint8_t {
    stop = 0,
    boolean = 2,
    byte = 3,
    real = 4,
    int16 = 6,
    int32 = 8,
    int64 = 10,
    binary = 11,
    structure = 12,
    map = 13,
    set = 14,
    list = 15,
    uuid = 16,
    unknown = 0xFF,
};

Type compact_type(std::uint8_t number) {
    switch (number) {
        case 0:
            return Type::stop;
        case 1:
        case 2:
            return Type::boolean;
        case 3:
            return Type::byte;
        case 4:
            return Type::int16;
        case 5:
            return Type::int32;
        case 6:
            return Type::int64;
        case 7:
            return Type::real;
        case 8:
            return Type::binary;
        case 9:
            return Type::list;
        case 10:
            return Type::set;
        case 11:
            return Type::map;
        case 12:
            return Type::structure;
        case 13:
            return Type::uuid;
        default:
            return Type::unknown;
    }
}

std::uint64_t read_varint(ByteReader& reader) {
    std::uint64_t value = 0;
    for (unsigned shift = 0; shift < 64; shift += 7) {
        const std::uint8_t byte = reader.u8();
        value |= std::uint64_t{byte & 0x7FU} << shift;
        if (byte < 0x80) {
            return value;
        }
    }
    reader.fail();
    return 0;
}

std::int64_t read_zigzag(ByteReader& reader) {
    const std::uint64_t value = read_varint(reader);
    return static_cast<std::int64_t>(value >> 1U) ^ -static_cast<std::int64_t>(value & 1U);
}

/// As generated code and people name methods; multiplexed ones have the service before a colon.
bool is_name(ByteView name) {
    return !name.empty() && std::ranges::all_of(name, [](char c) {
        return (c >= 'a' && c <= 'z') || (c >= 'A' && c <= 'Z') || (c >= '0' && c <= '9') || c == '_' ||
               c == ':' || c == '.' || c == '-' || c == '/';
    });
}

/// Takes values of a struct, one by one.
class Values {
  public:
    Values(Encoding encoding, ByteReader& reader, FieldWriter& writer, std::string& text,
           std::size_t max_text)
        : compact_(encoding == Encoding::compact),
          reader_(reader),
          writer_(writer),
          text_(text),
          max_text_(max_text) {}

    std::int32_t structure(std::string_view key, unsigned depth) {
        writer_.begin_object(key);
        std::int32_t first = -1;
        std::int32_t id = 0;
        while (reader_.good()) {
            const std::uint8_t raw = reader_.u8();
            const Type type = compact_ ? compact_type(raw & 15U) : static_cast<Type>(raw);
            if (type == Type::stop || !reader_.good()) {
                break;
            }
            if (!compact_) {
                id = static_cast<std::int16_t>(reader_.be<std::uint16_t>());
            } else {
                id = raw >> 4U != 0 ? id + (raw >> 4U) : static_cast<std::int32_t>(read_zigzag(reader_));
            }
            first = first < 0 ? id : first;
            const std::string name = std::to_string(id);
            if (compact_ && type == Type::boolean) {
                writer_.boolean(name, (raw & 15U) == 1);
            } else {
                value(type, name, depth);
            }
        }
        writer_.end_object();
        return first;
    }

  private:
    void value(Type type, std::string_view key, unsigned depth) {
        if (++values_ > kMostValues || depth > kMostDepth) {
            reader_.fail();
        }
        if (!reader_.good()) {
            return;
        }
        switch (type) {
            case Type::boolean:
                return writer_.boolean(key, reader_.u8() == 1);
            case Type::byte:
                return writer_.number(key, std::int64_t{static_cast<std::int8_t>(reader_.u8())});
            case Type::real: {
                const auto bits = compact_ ? reader_.le<std::uint64_t>() : reader_.be<std::uint64_t>();
                return writer_.number(key, std::bit_cast<double>(bits));
            }
            case Type::int16:
                return writer_.number(
                    key, compact_ ? read_zigzag(reader_)
                                  : std::int64_t{static_cast<std::int16_t>(reader_.be<std::uint16_t>())});
            case Type::int32:
                return writer_.number(
                    key, compact_ ? read_zigzag(reader_)
                                  : std::int64_t{static_cast<std::int32_t>(reader_.be<std::uint32_t>())});
            case Type::int64:
                return writer_.number(key, compact_ ? read_zigzag(reader_)
                                                    : static_cast<std::int64_t>(reader_.be<std::uint64_t>()));
            case Type::binary:
                return binary(key);
            case Type::uuid:
                reader_.bytes(16);
                return writer_.text(key, "(16 bytes)");
            case Type::structure:
                structure(key, depth + 1);
                return;
            case Type::list:
            case Type::set:
                return list(key, depth);
            case Type::map:
                return map(key, depth);
            default:
                reader_.fail();
        }
    }

    void binary(std::string_view key) {
        const ByteView bytes = reader_.bytes(compact_ ? read_varint(reader_) : reader_.be<std::uint32_t>());
        const ByteView kept = bytes.substr(0, max_text_);
        writer_.text(key, kept);
        if (text_.empty() && is_utf8(kept)) {
            text_ = kept.substr(0, 200);
        }
    }

    void list(std::string_view key, unsigned depth) {
        const std::uint8_t head = reader_.u8();
        const Type type = compact_ ? compact_type(head & 15U) : static_cast<Type>(head);
        const std::uint64_t size = !compact_            ? reader_.be<std::uint32_t>()
                                   : (head >> 4U) == 15 ? read_varint(reader_)
                                                        : head >> 4U;
        writer_.begin_array(key);
        for (std::uint64_t i = 0; i < size && reader_.good(); ++i) {
            value(type, {}, depth + 1);
        }
        writer_.end_array();
    }

    /// As a list of {key, value}: keys may be anything.
    void map(std::string_view key, unsigned depth) {
        std::uint64_t size = 0;
        Type keys = Type::unknown;
        Type values = Type::unknown;
        if (compact_) {
            size = read_varint(reader_);
            const std::uint8_t types = size > 0 ? reader_.u8() : 0;
            keys = compact_type(types >> 4U);
            values = compact_type(types & 15U);
        } else {
            keys = static_cast<Type>(reader_.u8());
            values = static_cast<Type>(reader_.u8());
            size = reader_.be<std::uint32_t>();
        }
        writer_.begin_array(key);
        for (std::uint64_t i = 0; i < size && reader_.good(); ++i) {
            writer_.begin_object({});
            value(keys, "key", depth + 1);
            value(values, "value", depth + 1);
            writer_.end_object();
        }
        writer_.end_array();
    }

    bool compact_;
    ByteReader& reader_;
    FieldWriter& writer_;
    std::string& text_;
    std::size_t max_text_;
    std::size_t values_ = 0;
};

}  // namespace

std::optional<MessageHeader> read_message_header(ByteReader& reader) {
    MessageHeader out;
    std::uint8_t type = 0;
    if (reader.peek() == kCompactProtocol) {
        reader.u8();
        out.encoding = Encoding::compact;
        const std::uint8_t head = reader.u8();
        type = head >> 5U;
        if ((head & 0x1FU) != 1) {
            return std::nullopt;
        }
        out.sequence_id = static_cast<std::int32_t>(read_varint(reader));
        const std::uint64_t size = read_varint(reader);
        out.name = size <= kMostName ? reader.bytes(size) : ByteView{};
    } else {
        constexpr std::uint32_t kVersion = 0x80010000;
        const auto head = reader.be<std::uint32_t>();
        type = static_cast<std::uint8_t>(head & 0xFFU);
        if ((head & 0xFFFFFF00U) != kVersion) {
            return std::nullopt;
        }
        const auto size = reader.be<std::uint32_t>();
        out.name = size <= kMostName ? reader.bytes(size) : ByteView{};
        out.sequence_id = static_cast<std::int32_t>(reader.be<std::uint32_t>());
    }
    out.type = static_cast<MessageType>(type);
    const bool good = reader.good() && type >= 1 && type <= 4 && is_name(out.name);
    return good ? std::optional(out) : std::nullopt;
}

std::int32_t write_struct(Encoding encoding, ByteReader& reader, std::string_view key, FieldWriter& writer,
                          std::string& text, std::size_t max_text) {
    return Values(encoding, reader, writer, text, max_text).structure(key, 0);
}

Look ThriftFraming::look(Side side, ByteView bytes) const {
    constexpr std::size_t kLeast = 6;  // compact, with a name of one letter
    if (bytes.size() >= kLength) {
        const auto size = load_be<std::uint32_t>(bytes);
        if (size < kLeast || size > kMostBytes) {
            return framed::malformed();
        }
    }
    if (bytes.size() > kLength && bytes[kLength] != '\x80' && bytes[kLength] != '\x82') {
        return framed::malformed();
    }
    constexpr std::size_t kShortest = kLength + kLeast;
    if (bytes.size() < kShortest) {
        return framed::need_more();
    }
    const auto size = load_be<std::uint32_t>(bytes);
    const ByteView head = bytes.substr(kLength, std::min<std::size_t>(size, kMostHeader - kLength));
    ByteReader reader(head);
    const auto header = read_message_header(reader);
    if (!header) {
        // Cut off within its name, it may still be one.
        const bool is_cut = bytes.size() < kLength + std::min<std::size_t>(size, kMostHeader - kLength);
        return is_cut ? framed::need_more() : framed::malformed();
    }
    const bool asks = header->type == MessageType::call || header->type == MessageType::oneway;
    return asks == (side == Side::client)
               ? Look{Look::State::message, kLength + std::uint64_t{size}, true, true}
               : framed::malformed();
}

}  // namespace sslsniff::thrift
