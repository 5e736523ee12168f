#include "protocols/mysql/plausible.h"

#include <algorithm>

#include "protocols/mysql/login.h"
#include "protocols/mysql/values.h"

namespace sslsniff::mysql {
namespace {

/// A packet that is longer is none to recognise the protocol by.
constexpr std::uint32_t kMostToRecognise = std::uint32_t{1} << 22U;
constexpr std::size_t kTextLooked = 256;

enum class Form : std::uint8_t { bad, loose, sure };

Form sure_if(bool good) {
    return good ? Form::sure : Form::bad;
}

bool is_text(ByteView text) {
    return std::ranges::none_of(text.substr(0, kTextLooked), [](char c) {
        return (c >= 0 && c < ' ' && (c < '\t' || c > '\r')) || c == 0x7F;
    });
}

/// A statement, maybe behind the number of attributes (CLIENT_QUERY_ATTRIBUTES).
bool is_statement(ByteView text) {
    if (text.starts_with(ByteView("\0\1", 2))) {
        text.remove_prefix(2);
    } else if (!text.empty() && text[0] > 0 && text[0] < '\t') {
        return true;  // some attributes: binary
    }
    return !text.empty() && is_text(text);
}

Form client_form(ByteView body) {
    constexpr std::size_t kExecute = 10;
    switch (static_cast<Command>(body.front())) {
        case Command::query:
        case Command::stmt_prepare:
            return sure_if(is_statement(body.substr(1)));
        case Command::init_db:
        case Command::create_db:
        case Command::drop_db:
            return sure_if(body.size() > 1 && body.size() < 300 && is_text(body.substr(1)));
        case Command::quit:
        case Command::statistics:
        case Command::debug:
        case Command::ping:
        case Command::process_info:
        case Command::reset_connection:
            return sure_if(body.size() == 1);
        case Command::stmt_close:
        case Command::stmt_reset:
        case Command::process_kill:
            return sure_if(body.size() == 5);
        case Command::stmt_execute:
            return sure_if(body.size() >= kExecute && static_cast<std::uint8_t>(body[5]) < 16 &&
                           load_le<std::uint32_t>(body, 6) == 1);
        case Command::stmt_fetch:
            return sure_if(body.size() == 9);
        case Command::set_option:
            return sure_if(body.size() == 3 && body[2] == 0 && (body[1] == 0 || body[1] == 1));
        case Command::stmt_send_long_data:
        case Command::stmt_bulk_execute:
            return body.size() >= 7 ? Form::loose : Form::bad;
        case Command::field_list:
        case Command::change_user:
        case Command::binlog_dump:
        case Command::binlog_dump_gtid:
        case Command::register_slave:
            return Form::loose;
        case Command::refresh:
        case Command::shutdown:
            return body.size() <= 2 ? Form::loose : Form::bad;
    }
    return Form::bad;
}

bool is_ok(ByteView body) {
    constexpr std::uint16_t kNeverSet = 0x8000;
    if (body.size() < 7) {
        return false;
    }
    ByteReader reader(body.substr(1));
    take_number(reader);
    take_number(reader);
    const auto status = reader.le<std::uint16_t>();
    const auto warnings = reader.le<std::uint16_t>();
    return reader.good() && (status & kNeverSet) == 0 && warnings < 0x1000 &&
           (reader.left() == 0 || (status & kSessionStateChanged) != 0 || is_text(reader.rest().substr(1)));
}

bool is_prepared(ByteView body) {
    constexpr std::size_t kSize = 12;
    return (body.size() == kSize || body.size() == kSize + 1) && body[9] == 0;
}

bool is_err(ByteView body) {
    constexpr std::uint16_t kFirst = 1000;
    constexpr std::uint16_t kLast = 15'000;
    const Err err = read_err(body);
    const auto is_digit = [](char c) { return (c >= '0' && c <= '9') || (c >= 'A' && c <= 'Z'); };
    return err.number >= kFirst && err.number < kLast && is_text(err.message) &&
           (err.sqlstate.empty() ? !err.message.empty() : std::ranges::all_of(err.sqlstate, is_digit));
}

/// Texts behind their length, up to the end.
bool is_text_row(ByteView body) {
    ByteReader reader(body);
    while (reader.left() > 0) {
        if (reader.peek() == 0xFB) {
            reader.u8();
        } else {
            take_text(reader);
        }
    }
    return reader.good();
}

Form server_form(ByteView body, bool first) {
    switch (static_cast<std::uint8_t>(body.front())) {
        case kErr:
            return sure_if(is_err(body));
        case kEof:
            return body.size() == 5 ? (first ? Form::loose : Form::sure)
                   : is_ok(body)    ? Form::loose
                                    : Form::bad;
        case kOk:
            if (first) {
                return sure_if(is_ok(body) || is_prepared(body));
            }
            return Form::loose;  // a binary row
        case 3:
            if (body.substr(1, 3) == "def") {
                return sure_if(is_column(body));
            }
            break;
        default:
            break;
    }
    if (first) {
        ByteReader reader(body);
        const std::uint64_t columns = take_number(reader);
        return columns != 0 && columns <= 4096 && reader.left() <= 1 ? Form::loose : Form::bad;
    }
    return is_text_row(body) ? Form::loose : Form::bad;
}

}  // namespace

namespace {

/// Whether a client's packet number 0, or the first packet of an answer, may be so long: told by its first
/// bytes, so that what begins alike is not waited for.
bool fits(Side side, std::uint32_t size, std::uint8_t first) {
    constexpr std::uint32_t kShort = 0xFFFF;
    if (side == Side::server) {
        return size <= kShort;  // OK, ERR, or the number of columns
    }
    switch (static_cast<Command>(first)) {
        case Command::query:
        case Command::stmt_prepare:
        case Command::stmt_execute:
        case Command::stmt_send_long_data:
        case Command::stmt_bulk_execute:
            return true;
        case Command::quit:
        case Command::statistics:
        case Command::debug:
        case Command::ping:
        case Command::process_info:
        case Command::reset_connection:
            return size == 1;
        default:
            return size <= kShort;
    }
}

}  // namespace

Verdict plausible_beginning(Side side, ByteView bytes) {
    if (bytes.size() < kHeader + 1) {
        const bool may_be = bytes.size() < kHeader || bytes[3] == (side == Side::server ? 0 : bytes[3]);
        return may_be && (bytes.size() < 3 || bytes[2] == 0) ? Verdict::need_more : Verdict::no;
    }
    const std::uint32_t size = load_le<std::uint32_t>(bytes) & kMostInPacket;
    const auto number = static_cast<std::uint8_t>(bytes[3]);
    constexpr std::uint32_t kMost = 4096;
    if (size == 0 || size > kMost) {
        return Verdict::no;
    }
    const ByteView body = bytes.substr(kHeader, size);
    if (side == Side::client) {
        constexpr std::size_t kFiller = 9;
        constexpr std::size_t kFillerSize = 19;
        const ByteView filler = body.substr(std::min(kFiller, body.size()), kFillerSize);
        if ((number != 1 && number != 2) || size < 32 || filler.find_first_not_of('\0') != ByteView::npos) {
            return Verdict::no;
        }
        return body.size() < size ? Verdict::need_more : read_login(body) ? Verdict::yes : Verdict::no;
    }
    const auto first = static_cast<std::uint8_t>(body.front());
    if (number != 0 || (first != 10 && first != kErr)) {
        return Verdict::no;
    }
    if (first == 10 && !is_text(body.substr(1, std::min(body.find('\0'), body.size()) - 1))) {
        return Verdict::no;
    }
    if (body.size() < size) {
        return Verdict::need_more;
    }
    return (first == 10 ? read_greeting(body).has_value() : is_err(body)) ? Verdict::yes : Verdict::no;
}

bool plausible_header(Side side, ByteView bytes) {
    if (bytes.size() < kHeader) {
        return bytes.size() < 3 || bytes[2] <= 0x3F;
    }
    const std::uint32_t size = load_le<std::uint32_t>(bytes) & kMostInPacket;
    if (size == 0 || size > kMostToRecognise) {
        return false;
    }
    if (side == Side::server) {
        return bytes[3] == 1;
    }
    return bytes[3] == 0 &&
           (bytes.size() == kHeader || !command_name(static_cast<Command>(bytes[4])).empty());
}

/// Whether a packet of that number, with that first byte, may come here.
bool Tiling::follows(std::uint8_t number, std::uint8_t first) const {
    const bool next = last_number_ && number == static_cast<std::uint8_t>(*last_number_ + 1);
    if (side_ == Side::client) {
        return number == 0 ? !command_name(static_cast<Command>(first)).empty() : next;
    }
    return !last_number_ ? number != 0 : next || number == 1;
}

void Tiling::look(ByteView bytes) {
    exact_ = false;
    while (!bad_ && at_ < bytes.size()) {
        const ByteView rest = bytes.substr(at_);
        if (rest.size() < kHeader + 1) {
            bad_ = rest.size() >= 3 && static_cast<std::uint8_t>(rest[2]) > 0x3F;
            return;
        }
        const std::uint32_t size = load_le<std::uint32_t>(rest) & kMostInPacket;
        const auto number = static_cast<std::uint8_t>(rest[3]);
        const auto first = static_cast<std::uint8_t>(rest[kHeader]);
        const bool begins = number == (side_ == Side::server ? 1 : 0);
        if (size == 0 || size > kMostToRecognise || !follows(number, first) ||
            (begins && !fits(side_, size, first))) {
            bad_ = true;
            return;
        }
        if (rest.size() < kHeader + size) {
            return;
        }
        const ByteView body = rest.substr(kHeader, size);
        const bool is_next = last_number_ && number == static_cast<std::uint8_t>(*last_number_ + 1);
        in_row_ = is_next ? in_row_ + 1 : 0;
        const bool continued = side_ == Side::client && number != 0;
        const Form form = continued               ? Form::loose
                          : side_ == Side::client ? client_form(body)
                                                  : server_form(body, number == 1);
        bad_ = form == Form::bad;
        constexpr unsigned kConvincing = 3;  // numbers that follow each other tell as much as a form
        sure_ += form == Form::sure || (side_ == Side::server && in_row_ >= kConvincing) ? 1 : 0;
        last_number_ = number;
        at_ += kHeader + size;
    }
    exact_ = !bad_ && at_ > 0 && at_ == bytes.size();
}

}  // namespace sslsniff::mysql
