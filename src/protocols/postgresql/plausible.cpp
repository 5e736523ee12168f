#include "protocols/postgresql/plausible.h"

#include <algorithm>

#include "protocols/byte_reader.h"

namespace sslsniff::postgresql {
namespace {

/// A message that is longer is none to recognise the protocol by.
constexpr std::size_t kMostToRecognise = std::size_t{1} << 24U;
constexpr std::uint16_t kMaxColumns = 1664;  ///< MaxTupleAttributeNumber (access/htup_details.h)

enum class Form : std::uint8_t { bad, loose, sure };

Form sure_if(bool good) {
    return good ? Form::sure : Form::bad;
}

bool is_text(ByteView text) {
    return std::ranges::none_of(
        text, [](char c) { return (c >= 0 && c < ' ' && (c < '\t' || c > '\r')) || c == 0x7F; });
}

bool take_text(ByteReader& reader) {
    return is_text(reader.c_string()) && reader.good();
}

bool take_two_texts(ByteReader& reader) {
    const bool first = take_text(reader);
    return first && take_text(reader);
}

/// So many format codes, 0 or 1 each.
bool take_formats(ByteReader& reader) {
    for (std::uint16_t left = reader.be<std::uint16_t>(); left != 0 && reader.good(); --left) {
        if (reader.be<std::uint16_t>() > 1) {
            return false;
        }
    }
    return reader.good();
}

/// So many values, each behind its length, -1 for null.
bool take_values(ByteReader& reader) {
    for (std::uint16_t left = reader.be<std::uint16_t>(); left != 0 && reader.good(); --left) {
        const auto size = reader.be<std::uint32_t>();
        if (size != 0xFFFFFFFF) {
            reader.bytes(size);
        }
    }
    return reader.good();
}

bool is_end(const ByteReader& reader) {
    return reader.good() && reader.left() == 0;
}

/// Statement or portal, and its name.
bool is_named_object(ByteReader& reader) {
    const std::uint8_t what = reader.u8();
    return (what == 'S' || what == 'P') && take_text(reader) && is_end(reader);
}

Form frontend_form(char type, ByteView body) {
    ByteReader reader(body);
    switch (type) {
        case 'Q':
            return sure_if(take_text(reader) && is_end(reader));
        case 'P': {
            const bool texts = take_two_texts(reader);
            const std::size_t types = reader.be<std::uint16_t>();
            return sure_if(texts && reader.good() && reader.left() == types * 4);
        }
        case 'B':
            return sure_if(take_two_texts(reader) && take_formats(reader) && take_values(reader) &&
                           take_formats(reader) && is_end(reader));
        case 'E':
            return sure_if(take_text(reader) && (reader.be<std::uint32_t>() >> 31U) == 0 && is_end(reader));
        case 'D':
        case 'C':
            return sure_if(is_named_object(reader));
        case 'H':
        case 'S':
        case 'X':
        case 'c':
            return sure_if(body.empty());
        case 'f':
            return sure_if(take_text(reader) && is_end(reader));
        case 'F':
            reader.be<std::uint32_t>();
            return sure_if(take_formats(reader) && take_values(reader) && reader.be<std::uint16_t>() <= 1 &&
                           is_end(reader));
        default:
            return Form::loose;  // 'd', 'p'
    }
}

/// Fields of an error or a notice: a letter and a text, up to a zero byte. Severity and code must be there.
bool is_report(ByteReader reader) {
    bool severity = false;
    bool code = false;
    while (reader.left() > 1) {
        const std::uint8_t field = reader.u8();
        const bool letter = (field >= 'A' && field <= 'Z') || (field >= 'a' && field <= 'z');
        const ByteView text = reader.c_string();
        if (!letter || !reader.good()) {
            return false;
        }
        severity = severity || field == 'S';
        code = code || (field == 'C' && text.size() == 5);
    }
    return severity && code && reader.left() == 1 && reader.u8() == 0;
}

bool is_tag(ByteView tag) {
    return !tag.empty() && tag.front() >= 'A' && tag.front() <= 'Z' && is_text(tag);
}

bool is_row_description(ByteReader reader) {
    constexpr std::size_t kFixed = 16;  // table, column, type, size and modifier; the format follows
    const std::uint16_t columns = reader.be<std::uint16_t>();
    for (std::uint16_t i = 0; i < columns && reader.good(); ++i) {
        reader.c_string();
        reader.bytes(kFixed);
        if (reader.be<std::uint16_t>() > 1) {
            return false;
        }
    }
    return columns <= kMaxColumns && is_end(reader);
}

bool is_copy_response(ByteReader reader) {
    return reader.u8() <= 1 && take_formats(reader) && is_end(reader);
}

Form backend_form(char type, ByteView body) {
    ByteReader reader(body);
    switch (type) {
        case 'Z':
            return sure_if(body == "I" || body == "T" || body == "E");
        case '1':
        case '2':
        case '3':
        case 'n':
        case 's':
        case 'I':
        case 'c':
            return sure_if(body.empty());
        case 'C': {
            const ByteView tag = reader.c_string();
            return sure_if(is_tag(tag) && is_end(reader));
        }
        case 'D': {
            const bool fits = body.size() >= 2 && load_be<std::uint16_t>(body) <= kMaxColumns;
            return fits && take_values(reader) && is_end(reader)
                       ? (body.size() > 2 ? Form::sure : Form::loose)
                       : Form::bad;
        }
        case 'E':
        case 'N':
            return sure_if(is_report(reader));
        case 'T':
            return sure_if(is_row_description(reader));
        case 't':
            return sure_if(body.size() >= 2 && body.size() == 2U + 4U * load_be<std::uint16_t>(body));
        case 'S':
            return sure_if(take_two_texts(reader) && is_end(reader));
        case 'K':
            return sure_if(body.size() >= 8 && body.size() <= 4 + 256);
        case 'R':
            return sure_if(body.size() >= 4 && load_be<std::uint32_t>(body) <= 12);
        case 'A':
            reader.be<std::uint32_t>();
            return sure_if(take_two_texts(reader) && is_end(reader));
        case 'G':
        case 'H':
        case 'W':
            return sure_if(is_copy_response(reader));
        case 'V': {
            const auto size = reader.be<std::uint32_t>();
            return sure_if(reader.good() && (size == 0xFFFFFFFF || size == reader.left()));
        }
        default:
            return Form::loose;  // 'd', 'v'
    }
}

}  // namespace

Verdict plausible_beginning(Side side, ByteView bytes) {
    if (side == Side::server) {
        return Verdict::no;  // the client speaks first
    }
    constexpr std::size_t kCode = 8;
    if (bytes.size() < kCode) {
        const bool small = bytes.empty() || bytes[0] == 0;
        return small && (bytes.size() < 2 || bytes[1] == 0) ? Verdict::need_more : Verdict::no;
    }
    const auto size = load_be<std::uint32_t>(bytes);
    const auto code = load_be<std::uint32_t>(bytes, kStartupHeader);
    if (size < kCode || size > kMaxStartupSize) {
        return Verdict::no;
    }
    if (code == kSslRequest || code == kGssEncRequest) {
        return size == kCode ? Verdict::yes : Verdict::no;
    }
    if (code == kCancelRequest) {
        const bool fits = size >= kCode + 8 && size <= kCode + 4 + 256;
        return !fits ? Verdict::no : bytes.size() < size ? Verdict::need_more : Verdict::yes;
    }
    if (code >> 16U != kMajorVersion) {
        return Verdict::no;
    }
    if (bytes.size() < size) {
        return Verdict::need_more;
    }
    ByteReader reader(bytes.substr(kCode, size - kCode));
    bool user = false;
    while (reader.left() > 1) {
        user = reader.c_string() == "user" || user;
        if (!take_text(reader)) {
            return Verdict::no;
        }
    }
    return user && reader.left() == 1 && reader.u8() == 0 ? Verdict::yes : Verdict::no;
}

bool plausible_header(Side side, ByteView bytes) {
    if (bytes.empty()) {
        return true;
    }
    if (!is_type(side, bytes.front()) || (bytes.size() > 1 && bytes[1] != 0)) {
        return false;
    }
    if (bytes.size() < kTypedHeader) {
        return true;
    }
    const auto size = load_be<std::uint32_t>(bytes, 1);
    return size >= 4 && size < kMostToRecognise;
}

void Tiling::look(ByteView bytes) {
    exact_ = false;
    while (!bad_ && at_ < bytes.size()) {
        const ByteView rest = bytes.substr(at_);
        if (!plausible_header(side_, rest)) {
            bad_ = true;
            return;
        }
        const std::size_t size = rest.size() < kTypedHeader ? 0 : load_be<std::uint32_t>(rest, 1);
        if (size == 0 || rest.size() < 1 + size) {
            return;
        }
        const ByteView body = rest.substr(kTypedHeader, size - 4);
        const Form form = side_ == Side::client ? frontend_form(rest[0], body) : backend_form(rest[0], body);
        bad_ = form == Form::bad;
        sure_ += form == Form::sure ? 1 : 0;
        at_ += 1 + size;
    }
    exact_ = !bad_ && at_ > 0 && at_ == bytes.size();
}

std::size_t Tiling::behind_anchor(Side side, ByteView bytes) {
    constexpr ByteView kReady("Z\0\0\0\5", 5);
    constexpr ByteView kSync("S\0\0\0\4", 5);
    const ByteView mark = side == Side::server ? kReady : kSync;
    const std::size_t size = mark.size() + (side == Side::server ? 1 : 0);
    for (std::size_t at = bytes.find(mark); at != ByteView::npos; at = bytes.find(mark, at + 1)) {
        if (at + size > bytes.size()) {
            break;
        }
        const char state = bytes[at + size - 1];
        const bool ready = side == Side::client || state == 'I' || state == 'T' || state == 'E';
        if (ready && plausible_header(side, bytes.substr(at + size))) {
            return at + size;
        }
    }
    return ByteView::npos;
}

}  // namespace sslsniff::postgresql
