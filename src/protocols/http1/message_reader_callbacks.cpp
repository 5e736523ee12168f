// What llhttp calls while MessageReader runs it.

#include <algorithm>
#include <utility>

#include "protocols/http1/message_reader.h"

namespace sslsniff {

struct MessageReader::Callbacks {
    static MessageReader& self(llhttp_t* parser) { return *static_cast<MessageReader*>(parser->data); }

    static llhttp_settings_t make() {
        llhttp_settings_t settings;
        llhttp_settings_init(&settings);
        settings.on_url = [](llhttp_t* parser, const char* at, std::size_t length) {
            MessageReader& reader = self(parser);
            reader.add_target(reader.original_.empty() ? ByteView(at, length) : reader.original_);
            return 0;
        };
        settings.on_status = [](llhttp_t* parser, const char* at, std::size_t length) {
            Http1Head& head = self(parser).head_;
            head.reason.append(at, std::min(length, kMaxReason - std::min(kMaxReason, head.reason.size())));
            return 0;
        };
        // A request line ends with the version, a status line with the reason.
        settings.on_version_complete = [](llhttp_t* parser) {
            MessageReader& reader = self(parser);
            reader.head_.start_line_done |= reader.kind_ == Kind::request;
            return 0;
        };
        settings.on_status_complete = [](llhttp_t* parser) {
            constexpr int kStop = -1;
            self(parser).head_.start_line_done |= parser->status_code != 0;
            return parser->status_code != 0 ? 0 : kStop;  // two blanks before the status: llhttp takes them
        };
        settings.on_header_field = [](llhttp_t* parser, const char* at, std::size_t length) {
            self(parser).add_field_name({at, length});
            return 0;
        };
        settings.on_header_field_complete = [](llhttp_t* parser) {
            self(parser).in_field_ = false;
            return 0;
        };
        settings.on_header_value = [](llhttp_t* parser, const char* at, std::size_t length) {
            self(parser).add_field_value({at, length});
            return 0;
        };
        settings.on_header_value_complete = [](llhttp_t* parser) {
            MessageReader& reader = self(parser);
            if (reader.keeps_fields()) {
                reader.fields().trim_value();
            }
            return 0;
        };
        settings.on_headers_complete = [](llhttp_t* parser) { return self(parser).finish_head(); };
        settings.on_body = [](llhttp_t* parser, const char* at, std::size_t length) {
            const MessageReader& reader = self(parser);
            if (reader.message_ != nullptr) {
                reader.message_->receive({at, length}, reader.body_limit_, reader.now_);
            }
            return 0;
        };
        settings.on_chunk_header = [](llhttp_t* parser) {
            self(parser).in_chunk_ = parser->content_length > 0;
            return 0;
        };
        settings.on_chunk_complete = [](llhttp_t* parser) {
            self(parser).in_chunk_ = false;
            return 0;
        };
        settings.on_message_complete = [](llhttp_t*) { return static_cast<int>(HPE_PAUSED); };
        return settings;
    }

    static constexpr std::size_t kMaxReason = 1024;
};

const llhttp_settings_t& MessageReader::settings() {
    static const llhttp_settings_t table = Callbacks::make();
    return table;
}

std::size_t MessageReader::room() {
    const std::size_t used = fields().cost() + (head_done_ ? 0 : head_.target.size());
    return used < limits_.max_headers ? limits_.max_headers - used : 0;
}

/// True while field bytes have somewhere to go: not past the bound, and trailers only of a message that is
/// kept.
bool MessageReader::keeps_fields() const {
    return !truncated_ && (!head_done_ || message_ != nullptr);
}

void MessageReader::add_target(ByteView bytes) {
    const ByteView kept = bytes.substr(0, room());
    head_.target.append(kept);
    truncated_ |= kept.size() < bytes.size();
}

void MessageReader::add_field_name(ByteView bytes) {
    if (!keeps_fields()) {
        return;
    }
    if (!in_field_) {
        if (room() <= HttpHeaders::kFieldCost) {
            truncated_ = true;
            return;
        }
        fields().begin_field();
        in_field_ = true;
    }
    const ByteView kept = bytes.substr(0, room());
    fields().extend_name(kept);
    truncated_ = kept.size() < bytes.size();
}

void MessageReader::add_field_value(ByteView bytes) {
    if (keeps_fields()) {
        const ByteView kept = bytes.substr(0, room());
        fields().extend_value(kept);
        truncated_ = kept.size() < bytes.size();
    }
}

void MessageReader::describe_start_line() {
    if (kind_ == Kind::response) {
        head_.status = parser_.status_code;
    }
    head_.version = "HTTP/";
    head_.version += static_cast<char>('0' + parser_.http_major);
    head_.version += '.';
    head_.version += static_cast<char>('0' + parser_.http_minor);
    head_.truncated = truncated_;
}

/// Returns what llhttp's on_headers_complete may: 1 for "no body follows", else 0.
int MessageReader::finish_head() {
    describe_start_line();
    truncated_ = false;
    const Http1Listener::Destination destination = listener_.on_head(kind_, std::move(head_));
    message_ = destination.message;
    head_done_ = true;
    // RFC 9112 section 6.3, in the order llhttp decides it.
    if (!destination.has_body) {
        framing_ = Framing::none;
    } else if ((parser_.flags & F_CHUNKED) != 0) {
        framing_ = Framing::chunked;
    } else if ((parser_.flags & F_TRANSFER_ENCODING) == 0 && (parser_.flags & F_CONTENT_LENGTH) != 0) {
        framing_ = Framing::length;
    } else if ((parser_.flags & F_TRANSFER_ENCODING) != 0 || llhttp_message_needs_eof(&parser_) != 0) {
        framing_ = Framing::until_close;
    }
    return destination.has_body ? 0 : 1;
}

}  // namespace sslsniff
