#include "protocols/kafka/records.h"

#include <algorithm>

#include "base/endian.h"
#include "protocols/byte_reader.h"
#include "protocols/kafka/compression.h"

namespace sslsniff::kafka {
namespace {

constexpr unsigned kCodec = 0x07;
constexpr unsigned kTransactional = 0x10;
constexpr unsigned kControl = 0x20;
/// Offset and size, in all formats; the byte that tells the format is at the same place in all of them too.
constexpr std::size_t kPrefix = 12;
constexpr std::size_t kMagicAt = 16;

/// Numbers in a record: zigzag (https://kafka.apache.org/documentation/#recordheader).
std::int64_t varint(ByteReader& reader) {
    std::uint64_t value = 0;
    for (unsigned shift = 0; shift < 64; shift += 7) {
        const std::uint8_t byte = reader.u8();
        value |= static_cast<std::uint64_t>(byte & 0x7F) << shift;
        if (byte < 0x80) {
            break;
        }
    }
    return static_cast<std::int64_t>(value >> 1 ^ (~(value & 1) + 1));
}

std::int64_t int64(ByteReader& reader) {
    return static_cast<std::int64_t>(reader.be<std::uint64_t>());
}

std::int32_t int32(ByteReader& reader) {
    return static_cast<std::int32_t>(reader.be<std::uint32_t>());
}

class SetReader {
  public:
    SetReader(RecordSet& out, const RecordLimits& limits) : out_(out), limits_(limits) {}

    /// One batch or message after the other.
    void read(ByteView bytes, std::uint64_t size) {
        while (size > 0) {
            if (bytes.size() <= kMagicAt) {
                out_.is_truncated = true;
                return;
            }
            const auto length = static_cast<std::int32_t>(load_be<std::uint32_t>(bytes, 8));
            constexpr std::int32_t kLeast = 5;  // up to the format's number
            if (length < kLeast) {
                out_.is_truncated = true;  // what follows makes no sense
                return;
            }
            const std::uint64_t whole = kPrefix + static_cast<std::uint64_t>(length);
            const ByteView here = bytes.substr(0, whole);
            const bool is_whole = here.size() == whole;
            const auto format = static_cast<std::uint8_t>(bytes[kMagicAt]);
            if (format > 2) {
                out_.is_truncated = true;
                return;
            }
            format == 2 ? batch(here, is_whole) : message(here, is_whole, 0);
            if (whole > size || !is_whole) {
                out_.is_truncated = true;  // brokers too cut off the last one
                return;
            }
            bytes.remove_prefix(here.size());
            size -= whole;
        }
    }

  private:
    bool wants_more() const { return out_.first.size() < limits_.max_records && shown_ < limits_.max_bytes; }

    void batch(ByteView bytes, bool is_whole) {
        ByteReader reader(bytes);
        const std::int64_t base_offset = int64(reader);
        reader.bytes(kMagicAt - 8 + 1 + 4);  // size, leader epoch, format, checksum
        const auto attributes = reader.be<std::uint16_t>();
        reader.bytes(4);
        const std::int64_t base_time = int64(reader);
        reader.bytes(8);
        const std::int64_t producer = int64(reader);
        reader.bytes(2 + 4);
        const std::int32_t count = int32(reader);
        if (!reader.good() || count < 0) {
            out_.is_truncated = true;
            return;
        }
        ++out_.batches;
        out_.count += static_cast<std::uint64_t>(count);
        out_.base_offset = out_.base_offset.value_or(base_offset);
        out_.compression = compression_name(attributes & kCodec);
        out_.is_transactional = out_.is_transactional || (attributes & kTransactional) != 0;
        out_.is_control = out_.is_control || (attributes & kControl) != 0;
        if (producer >= 0) {
            out_.producer_id = producer;
        }
        if (!wants_more()) {
            return;
        }
        if ((attributes & kCodec) == 0) {
            records(reader.rest(), base_offset, base_time, count);
        } else if (is_whole || (attributes & kCodec) != 2) {
            compressed_records(attributes & kCodec, reader.rest(), base_offset, base_time, count);
        }
    }

    /// The first records are all that is shown: they mostly lie in the first kilobytes.
    void compressed_records(unsigned codec, ByteView bytes, std::int64_t base_offset, std::int64_t base_time,
                            std::int32_t count) {
        constexpr std::size_t kFirstLook = 4096;
        const std::size_t room = limits_.max_bytes - shown_;
        const std::size_t before = out_.first.size();
        const std::size_t shown = shown_;
        const Decompressed beginning = decompress(codec, bytes, std::min(room, kFirstLook));
        if (records(beginning.bytes, base_offset, base_time, count) || beginning.is_whole ||
            room <= kFirstLook) {
            return;
        }
        out_.first.resize(before);
        shown_ = shown;
        records(decompress(codec, bytes, room).bytes, base_offset, base_time, count);
    }

    /// False when there are others that are wanted, or the last one is cut off.
    bool records(ByteView bytes, std::int64_t base_offset, std::int64_t base_time, std::int32_t count) {
        ByteReader reader(bytes);
        for (std::int32_t i = 0; i < count && wants_more(); ++i) {
            const std::int64_t length = varint(reader);
            if (!reader.good() || length < 0) {
                return false;
            }
            const ByteView here =
                ByteView(reader.left() > 0 ? bytes.substr(bytes.size() - reader.left()) : "")
                    .substr(0, static_cast<std::uint64_t>(length));
            if (!record(here, base_offset, base_time) || here.size() < static_cast<std::uint64_t>(length)) {
                return false;
            }
            reader.bytes(here.size());
        }
        return true;
    }

    /// False when it is cut off before its value.
    bool record(ByteView bytes, std::int64_t base_offset, std::int64_t base_time) {
        ByteReader reader(bytes);
        Record out;
        reader.u8();
        const std::int64_t time = varint(reader);
        const std::int64_t offset = varint(reader);
        if (!reader.good()) {
            return false;
        }
        const auto plus = [](std::int64_t a, std::int64_t b) {
            return static_cast<std::int64_t>(static_cast<std::uint64_t>(a) + static_cast<std::uint64_t>(b));
        };
        out.timestamp_ms = plus(base_time, time);
        out.offset = plus(base_offset, offset);
        out.key = body(reader, varint(reader));
        if (!reader.good()) {
            return false;
        }
        out.value = body(reader, varint(reader));
        const bool value_good = reader.good();
        constexpr std::int64_t kMostHeaders = 32;
        const std::int64_t headers = std::min(varint(reader), kMostHeaders);
        for (std::int64_t i = 0; i < headers && reader.good(); ++i) {
            const ByteView name = sized(reader, varint(reader));
            const ByteView value = sized(reader, varint(reader));
            if (reader.good()) {
                shown_ += name.size() + value.size();
                out.headers.emplace_back(name, value);
            }
        }
        out_.first.push_back(std::move(out));
        return value_good;
    }

    static ByteView sized(ByteReader& reader, std::int64_t size) {
        return size < 0 ? ByteView{} : reader.bytes(static_cast<std::uint64_t>(size));
    }

    std::optional<Body> body(ByteReader& reader, std::int64_t size) {
        if (size < 0) {
            return std::nullopt;
        }
        Body out;
        const auto whole = static_cast<std::uint64_t>(size);
        const ByteView here = reader.bytes(std::min<std::uint64_t>(whole, reader.left()));
        append(out, here, limits_.max_bytes - std::min(limits_.max_bytes, shown_));
        out.size = whole;
        shown_ += out.captured.size();
        if (here.size() < whole) {
            reader.bytes(whole);  // nothing good follows
        }
        return out;
    }

    /// Formats 0 and 1: a message, which may hold compressed ones.
    void message(ByteView bytes, bool is_whole, unsigned depth) {
        ByteReader reader(bytes);
        Record out;
        out.offset = int64(reader);
        reader.bytes(4 + 4);
        const std::uint8_t format = reader.u8();
        const std::uint8_t attributes = reader.u8();
        if (format == 1) {
            out.timestamp_ms = int64(reader);
        }
        const unsigned codec = attributes & kCodec;
        if (!reader.good()) {
            return;
        }
        if (codec != 0) {
            out_.compression = compression_name(codec);
            sized(reader, int32(reader));
            const std::int32_t length = int32(reader);
            const ByteView value = reader.bytes(
                std::min<std::size_t>(length < 0 ? 0 : static_cast<std::size_t>(length), reader.left()));
            if (depth > 0 || (!is_whole && codec == 2)) {
                out_.is_truncated = true;
                return;
            }
            const Decompressed inside = decompress(codec, value, kMostInside);
            out_.is_truncated = out_.is_truncated || !inside.is_whole || !is_whole;
            messages(inside.bytes);
            return;
        }
        ++out_.count;
        out_.base_offset = out_.base_offset.value_or(out.offset);
        if (wants_more()) {
            out.key = body(reader, int32(reader));
            if (reader.good()) {
                out.value = body(reader, int32(reader));
            }
            out_.first.push_back(std::move(out));
        }
    }

    void messages(ByteView bytes) {
        while (bytes.size() > kMagicAt) {
            const auto length = static_cast<std::int32_t>(load_be<std::uint32_t>(bytes, 8));
            if (length < 0) {
                break;
            }
            const ByteView here = bytes.substr(0, kPrefix + static_cast<std::uint64_t>(length));
            message(here, here.size() == kPrefix + static_cast<std::uint64_t>(length), 1);
            bytes.remove_prefix(here.size());
        }
        out_.is_truncated = out_.is_truncated || !bytes.empty();
    }

    /// Bytes that a compressed message of the old formats may decode to, to be counted.
    static constexpr std::size_t kMostInside = std::size_t{64} * 1024;

    RecordSet& out_;
    RecordLimits limits_;
    std::size_t shown_ = 0;  ///< bytes in `first`
};

}  // namespace

RecordSet read_records(ByteView bytes, std::uint64_t size, const RecordLimits& limits) {
    RecordSet out;
    out.size = size;
    SetReader(out, limits).read(bytes, size);
    return out;
}

}  // namespace sslsniff::kafka
