#include "protocols/mqtt/decode.h"

#include <fmt/format.h>

#include <algorithm>

#include "model/body.h"
#include "protocols/mqtt/properties.h"
#include "protocols/mqtt/reasons.h"

namespace sslsniff::mqtt {
namespace {

using enum PacketType;

constexpr std::string_view kHidden = "***";
constexpr std::size_t kMostFilters = 256;  ///< that are shown
constexpr std::size_t kMostInLine = 4;     ///< of these, in a Summary

class Decoder {
  public:
    Decoder(const FixedHeader& header, const framed::Message& message, const DecodeContext& context,
            RecordedFields& fields)
        : header_(header),
          message_(message),
          context_(context),
          fields_(fields),
          reader_(message.bytes.substr(std::min(header.size, message.bytes.size()))),
          v5_(context.version == Version::v5) {}

    Decoded decode() {
        fields_.text("packet", to_string(header_.type));
        out_.line = to_string(header_.type);
        switch (header_.type) {
            case connect:
                read_connect();
                break;
            case publish:
                read_publish();
                break;
            case subscribe:
            case unsubscribe:
                read_filters();
                break;
            case suback:
            case unsuback:
                read_codes();
                break;
            case connack:
                fields_.boolean("session_present", (reader_.u8() & 1U) != 0);
                read_reason(true);
                break;
            case puback:
            case pubrec:
            case pubrel:
            case pubcomp:
                read_packet_id();
                read_reason(false);
                break;
            case disconnect:
            case auth:
                read_reason(false);
                break;
            case pingreq:
            case pingresp:
                break;
        }
        out_.good = out_.good && reader_.good();
        if (secret_hidden_) {
            fields_.boolean("secrets_hidden", true);
        }
        return std::move(out_);
    }

  private:
    void read_packet_id() {
        out_.packet_id = reader_.be<std::uint16_t>();
        fields_.number("packet_id", out_.packet_id);
    }

    Properties read_properties(std::string_view key, FieldWriter& writer) {
        const Properties properties = write_properties(reader_, key, writer, context_.show_secrets);
        out_.good = out_.good && properties.good;
        secret_hidden_ = secret_hidden_ || properties.secret_hidden;
        return properties;
    }

    /// The rest of a text or a body that ends with the packet.
    Body body_of(ByteView bytes, std::uint64_t size) const {
        Body body;
        append(body, bytes, context_.max_body);
        body.size = size;
        body.missing = message_.missing;
        return body;
    }

    void read_connect() {
        read_string(reader_);  // the protocol's name
        const std::uint8_t level = reader_.u8();
        out_.level = level & 0x7FU;  // bridges of mosquitto set the upper bit
        v5_ = out_.level == 5;
        const std::uint8_t flags = reader_.u8();
        fields_.boolean(v5_ ? "clean_start" : "clean_session", (flags & 2U) != 0);
        fields_.number("keep_alive_s", reader_.be<std::uint16_t>());
        if (level != out_.level) {
            fields_.boolean("bridge", true);
        }
        if (v5_) {
            read_properties("properties", fields_);
        }
        const ByteView client_id = read_string(reader_);
        fields_.text("client_id", client_id);
        if ((flags & 4U) != 0) {
            read_will(flags);
        }
        out_.line += fmt::format(" {}", client_id.empty() ? "(no client id)" : client_id);
        if ((flags & 0x80U) != 0) {
            const ByteView user = read_string(reader_);
            fields_.text("username", user);
            out_.line += fmt::format(" as {}", user);
        }
        if ((flags & 0x40U) != 0) {
            const ByteView password = read_string(reader_);
            fields_.text("password", context_.show_secrets ? password : kHidden);
            secret_hidden_ = secret_hidden_ || !context_.show_secrets;
        }
    }

    void read_will(std::uint8_t flags) {
        fields_.begin_object("will");
        fields_.number("qos", flags >> 3U & 3U);
        fields_.boolean("retain", (flags & 0x20U) != 0);
        if (v5_) {
            read_properties("properties", fields_);
        }
        fields_.text("topic", read_string(reader_));
        const ByteView payload = read_string(reader_);
        Body body;
        append(body, payload, context_.max_body);
        body.size = payload.size();
        fields_.body("payload", body);
        fields_.end_object();
    }

    void read_publish() {
        out_.needs_version = true;
        const ByteView topic = read_string(reader_);
        if (header_.qos() > 0) {
            read_packet_id();
        }
        fields_.number("qos", header_.qos());
        fields_.boolean("retain", header_.is_retained());
        fields_.boolean("dup", header_.is_duplicate());
        Properties properties;
        if (v5_) {
            properties = read_properties("properties", fields_);
        }
        out_.target =
            properties.topic_alias ? context_.aliases.resolve(*properties.topic_alias, topic) : Bytes(topic);
        if (out_.target.empty()) {
            out_.target = kUnknownTopic;
        }
        out_.topic_unknown = out_.target == kUnknownTopic && topic != kUnknownTopic;
        const std::uint64_t before = header_.size + (behind_header() - reader_.left());
        const bool there = reader_.good();
        out_.payload_size = there ? message_.size - std::min(message_.size, before) : 0;
        Body body = body_of(reader_.rest(), out_.payload_size);
        body.content_type = properties.content_type;
        fields_.body("payload", body);
        out_.line += fmt::format(" {}", out_.target);
        if (header_.qos() > 0) {
            out_.line += fmt::format(" QoS {}", header_.qos());
        }
        out_.line += header_.is_retained() ? " retained" : "";
    }

    void read_filters() {
        out_.needs_version = true;
        read_packet_id();
        if (v5_) {
            read_properties("properties", fields_);
        }
        fields_.begin_array("filters");
        std::size_t count = 0;
        for (; reader_.left() > 0; ++count) {
            const ByteView filter = read_string(reader_);
            const std::uint8_t options = header_.type == subscribe ? reader_.u8() : 0;
            if (!reader_.good()) {
                break;
            }
            out_.target = count == 0 ? std::string(filter) : out_.target;
            if (count < kMostInLine) {
                out_.line += fmt::format("{} {}", count == 0 ? "" : ",", filter);
            }
            if (count < kMostFilters) {
                write_filter(filter, options);
            }
        }
        fields_.end_array();
        fields_.number("filter_count", count);
        out_.line += count > kMostInLine ? fmt::format(" (+{})", count - kMostInLine) : "";
    }

    void write_filter(ByteView filter, std::uint8_t options) {
        fields_.begin_object({});
        fields_.text("filter", filter);
        if (header_.type == subscribe) {
            fields_.number("qos", options & 3U);
        }
        if (header_.type == subscribe && v5_) {
            fields_.boolean("no_local", (options & 4U) != 0);
            fields_.boolean("retain_as_published", (options & 8U) != 0);
            fields_.number("retain_handling", options >> 4U & 3U);
        }
        fields_.end_object();
    }

    /// One for each filter; none of UNSUBACK in 3.1.1.
    void read_codes() {
        read_packet_id();
        if (v5_) {
            read_properties("properties", fields_);
        }
        const ByteView codes = reader_.rest();
        if (codes.empty() || context_.version == Version::unknown) {
            return;
        }
        std::string line;
        fields_.begin_array("reasons");
        for (std::size_t i = 0; i < codes.size(); ++i) {
            const auto code = static_cast<std::uint8_t>(codes[i]);
            out_.code = std::max(out_.code, code);
            const bool shown = i < kMostFilters;
            const std::string name =
                shown ? reason_name(header_.type, context_.version, code) : std::string();
            if (shown) {
                fields_.begin_object({});
                fields_.number("reason_code", code);
                fields_.text("reason", name);
                fields_.end_object();
            }
            if (i < kMostInLine) {
                line += fmt::format("{}{}", i == 0 ? "" : ", ", name);
            }
        }
        fields_.end_array();
        out_.line =
            line + (codes.size() > kMostInLine ? fmt::format(" (+{})", codes.size() - kMostInLine) : "");
    }

    /// `always`: it is there in all versions; else what is left out means 0.
    void read_reason(bool always) {
        const bool there = always || reader_.left() > 0;
        if (there) {
            out_.code = reader_.u8();
        }
        const bool has_code = there || v5_;
        if (has_code && reader_.good()) {
            const std::string name = reason_name(header_.type, context_.version, out_.code);
            fields_.number("reason_code", out_.code);
            fields_.text("reason", name);
            if (always) {
                out_.line = name;
            } else if (out_.code != 0) {
                out_.line += fmt::format(" {}", name);
            }
        }
        if (v5_ && reader_.left() > 0) {
            const ByteView text = read_properties("properties", fields_).reason_string;
            out_.line += text.empty() ? "" : fmt::format(": {}", text);
        }
    }

    std::size_t behind_header() const {
        return message_.bytes.size() - std::min(header_.size, message_.bytes.size());
    }

    FixedHeader header_;
    const framed::Message& message_;
    const DecodeContext& context_;
    RecordedFields& fields_;
    ByteReader reader_;
    bool v5_;
    bool secret_hidden_ = false;
    Decoded out_;
};

}  // namespace

Decoded decode(const FixedHeader& header, const framed::Message& message, const DecodeContext& context,
               RecordedFields& fields) {
    return Decoder(header, message, context, fields).decode();
}

}  // namespace sslsniff::mqtt
