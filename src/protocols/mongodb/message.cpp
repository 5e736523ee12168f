#include "protocols/mongodb/message.h"

#include <algorithm>
#include <array>

#include "base/endian.h"
#include "body/block_decoder.h"
#include "body/content_decoder.h"
#include "protocols/byte_reader.h"
#include "protocols/mongodb/bson.h"

namespace sslsniff::mongodb {
namespace {

constexpr std::array<std::string_view, 4> kCompressors{"noop", "snappy", "zlib", "zstd"};
constexpr std::size_t kMostSequences = 16;

/// False when it cannot be undone.
bool decompress(std::uint8_t compressor, ByteView bytes, std::size_t limit, Content& out) {
    switch (compressor) {
        case 0:
            out.decompressed = bytes.substr(0, limit);
            return true;
        case 1: {
            auto block = decode_snappy(bytes, limit);
            if (!block) {
                return false;
            }
            out.decompressed = *std::move(block);
            return true;
        }
        case 2:
        case 3: {
            const auto decoder = make_content_decoder(compressor == 2 ? "deflate" : "zstd");
            out.is_cut = decoder->decode(bytes, out.decompressed, limit) != ContentDecoder::State::ended;
            return !out.decompressed.empty();
        }
        default:
            return false;
    }
}

void read_msg(ByteView bytes, Content& out) {
    ByteReader reader(bytes);
    out.flags = reader.le<std::uint32_t>();
    const std::size_t checksum = (out.flags & kChecksumPresent) != 0 && !out.is_cut ? 4 : 0;
    while (reader.left() > checksum) {
        const std::uint8_t kind = reader.u8();
        const ByteView rest = bytes.substr(bytes.size() - reader.left());
        const auto size = bson_size(rest);  // a sequence begins with its size too
        if (!size || kind > 1) {
            out.is_cut = true;
            return;
        }
        const ByteView section = reader.bytes(std::min(*size, reader.left()));
        out.is_cut = out.is_cut || section.size() < *size;
        if (kind == 0) {
            out.body = out.body.empty() ? section : out.body;
            continue;
        }
        ByteReader inside(section);
        inside.bytes(sizeof(std::uint32_t));
        const ByteView id = inside.c_string();
        if (inside.good() && out.sequences.size() < kMostSequences) {
            out.sequences.push_back({id, inside.rest()});
        }
    }
}

void read_body(ByteView bytes, Content& out) {
    ByteReader reader(bytes);
    switch (out.opcode) {
        case kMsg:
            return read_msg(bytes, out);
        case kQuery:
            reader.bytes(4);
            out.collection = reader.c_string();
            reader.bytes(8);
            out.body = reader.rest();
            return;
        case kReply:
            reader.bytes(4);
            out.cursor_id = static_cast<std::int64_t>(reader.le<std::uint64_t>());
            reader.bytes(4);
            out.documents_count = reader.le<std::uint32_t>();
            out.body = reader.rest();
            return;
        case kInsert:
            reader.bytes(4);
            out.collection = reader.c_string();
            out.sequences.push_back({"documents", reader.rest()});
            return;
        case kUpdate:
        case kDelete:
            reader.bytes(4);
            out.collection = reader.c_string();
            reader.bytes(4);
            out.sequences.push_back({out.opcode == kUpdate ? "update" : "delete", reader.rest()});
            return;
        case kGetMore:
            reader.bytes(4);
            out.collection = reader.c_string();
            reader.bytes(4);
            out.cursor_id = static_cast<std::int64_t>(reader.le<std::uint64_t>());
            return;
        default:
            return;
    }
}

}  // namespace

std::string_view opcode_name(std::int32_t opcode) {
    switch (opcode) {
        case kReply:
            return "OP_REPLY";
        case kUpdate:
            return "OP_UPDATE";
        case kInsert:
            return "OP_INSERT";
        case kQuery:
            return "OP_QUERY";
        case kGetMore:
            return "OP_GET_MORE";
        case kDelete:
            return "OP_DELETE";
        case kKillCursors:
            return "OP_KILL_CURSORS";
        case kCompressed:
            return "OP_COMPRESSED";
        case kMsg:
            return "OP_MSG";
        default:
            return "";
    }
}

Header read_header(ByteView bytes) {
    return {load_le<std::uint32_t>(bytes), static_cast<std::int32_t>(load_le<std::uint32_t>(bytes, 4)),
            static_cast<std::int32_t>(load_le<std::uint32_t>(bytes, 8)),
            static_cast<std::int32_t>(load_le<std::uint32_t>(bytes, 12))};
}

void read_content(const framed::Message& message, std::size_t max_decompressed, Content& out) {
    ByteReader reader(message.bytes);
    reader.bytes(kHeader - 4);
    out.opcode = static_cast<std::int32_t>(reader.le<std::uint32_t>());
    out.is_cut = !message.is_whole();
    if (out.opcode != kCompressed) {
        return read_body(reader.rest(), out);
    }
    out.opcode = static_cast<std::int32_t>(reader.le<std::uint32_t>());
    const auto size = reader.le<std::uint32_t>();
    const std::uint8_t compressor = reader.u8();
    out.compressor = compressor < kCompressors.size() ? kCompressors.at(compressor) : "unknown";
    const bool was_cut = out.is_cut;
    out.is_readable = reader.good() && !opcode_name(out.opcode).empty() && out.opcode != kCompressed &&
                      decompress(compressor, reader.rest(), max_decompressed, out);
    if (out.is_readable) {
        out.is_cut = was_cut || out.decompressed.size() < size;
        read_body(out.decompressed, out);
    }
}

Count count_documents(ByteView documents) {
    Count out;
    while (!documents.empty()) {
        const auto size = bson_size(documents);
        if (!size || *size > documents.size()) {
            out.is_whole = false;
            break;
        }
        ++out.documents;
        documents.remove_prefix(*size);
    }
    return out;
}

}  // namespace sslsniff::mongodb
