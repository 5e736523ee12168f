#include "protocols/mongodb/bson.h"

#include <fmt/format.h>

#include <bit>
#include <limits>

#include "base/endian.h"
#include "base/text.h"

namespace sslsniff::mongodb {
namespace {

constexpr std::size_t kLeastDocument = 5;  // its size and a zero byte
constexpr std::size_t kSizeField = 4;

std::int32_t load_i32(ByteView bytes, std::size_t offset = 0) {
    return static_cast<std::int32_t>(load_le<std::uint32_t>(bytes, offset));
}

std::int64_t load_i64(ByteView bytes) {
    return static_cast<std::int64_t>(load_le<std::uint64_t>(bytes));
}

double load_double(ByteView bytes) {
    return std::bit_cast<double>(load_le<std::uint64_t>(bytes));
}

std::string hex(ByteView bytes) {
    std::string out;
    for (const char c : bytes) {
        fmt::format_to(std::back_inserter(out), "{:02x}", static_cast<std::uint8_t>(c));
    }
    return out;
}

}  // namespace

std::optional<ByteView> BsonElement::text() const {
    if ((type != BsonType::string && type != BsonType::symbol && type != BsonType::code) ||
        value.size() <= kSizeField) {
        return std::nullopt;
    }
    return value.substr(kSizeField, value.size() - kSizeField - 1);
}

std::optional<std::int64_t> BsonElement::integer() const {
    switch (type) {
        case BsonType::int32:
            return load_i32(value);
        case BsonType::int64:
            return load_i64(value);
        case BsonType::boolean:
            return value.front() != 0 ? 1 : 0;
        case BsonType::real: {
            const double real = load_double(value);
            constexpr double kMost = 9.0e15;  // integers up to 2^53 are exact
            return real >= -kMost && real <= kMost ? std::optional(static_cast<std::int64_t>(real))
                                                   : std::nullopt;
        }
        default:
            return std::nullopt;
    }
}

std::optional<double> BsonElement::number() const {
    if (type == BsonType::real) {
        return load_double(value);
    }
    const auto whole = integer();
    return whole ? std::optional(static_cast<double>(*whole)) : std::nullopt;
}

std::optional<std::size_t> bson_size(ByteView bytes) {
    if (bytes.size() < kSizeField) {
        return std::nullopt;
    }
    const std::int32_t size = load_i32(bytes);
    return size < static_cast<std::int32_t>(kLeastDocument) ? std::nullopt
                                                            : std::optional(static_cast<std::size_t>(size));
}

BsonReader::BsonReader(ByteView bytes) {
    const auto size = bson_size(bytes);
    if (!size) {
        is_cut_ = bytes.size() < kSizeField;
        return;
    }
    may_be_cut_ = *size > bytes.size();
    rest_ = bytes.substr(0, *size).substr(kSizeField);
}

/// Bytes of a value, as far as they tell; nothing when they do not, or make no sense.
std::optional<std::size_t> BsonReader::value_size(BsonType type, ByteView rest) {
    const auto sized = [&](std::size_t more) -> std::optional<std::size_t> {
        if (rest.size() < kSizeField) {
            is_cut_ = may_be_cut_;
            return std::nullopt;
        }
        const std::int32_t size = load_i32(rest);
        return size < 0 ? std::nullopt : std::optional(static_cast<std::size_t>(size) + more);
    };
    switch (type) {
        case BsonType::real:
        case BsonType::date:
        case BsonType::timestamp:
        case BsonType::int64:
            return 8;
        case BsonType::int32:
            return 4;
        case BsonType::decimal128:
            return 16;
        case BsonType::object_id:
            return 12;
        case BsonType::boolean:
            return 1;
        case BsonType::undefined:
        case BsonType::null:
        case BsonType::min_key:
        case BsonType::max_key:
            return 0;
        case BsonType::string:
        case BsonType::code:
        case BsonType::symbol: {
            const auto size = sized(kSizeField);
            return size && *size > kSizeField ? size : std::nullopt;  // the zero byte at least
        }
        case BsonType::document:
        case BsonType::array:
        case BsonType::code_with_scope: {
            const auto size = sized(0);
            return size && *size >= kLeastDocument ? size : std::nullopt;
        }
        case BsonType::binary:
            return sized(kSizeField + 1);
        case BsonType::db_pointer:
            return sized(kSizeField + 12);
        case BsonType::regex: {
            const std::size_t first = rest.find('\0');
            const std::size_t second = first == ByteView::npos ? first : rest.find('\0', first + 1);
            if (second == ByteView::npos) {
                is_cut_ = may_be_cut_;
                return std::nullopt;
            }
            return second + 1;
        }
    }
    return std::nullopt;
}

std::optional<BsonElement> BsonReader::next() {
    const auto end = [&](bool is_cut) {
        is_cut_ = is_cut_ || (is_cut && may_be_cut_);
        rest_ = {};
        return std::nullopt;
    };
    if (rest_.empty()) {
        return end(true);
    }
    if (rest_.front() == '\0') {
        is_whole_ = rest_.size() == 1 && !may_be_cut_;
        return end(false);
    }
    BsonElement out;
    out.type = static_cast<BsonType>(static_cast<std::uint8_t>(rest_.front()));
    const std::size_t name_end = rest_.find('\0', 1);
    if (name_end == ByteView::npos) {
        return end(true);
    }
    out.name = rest_.substr(1, name_end - 1);
    const ByteView rest = rest_.substr(name_end + 1);
    const auto size = value_size(out.type, rest);
    if (!size) {
        return end(false);
    }
    if (*size > rest.size()) {
        // What there is of a nested document can still be read.
        const bool nested = out.type == BsonType::document || out.type == BsonType::array;
        end(true);
        if (!nested || !may_be_cut_) {
            return std::nullopt;
        }
        out.value = rest;
        return out;
    }
    out.value = rest.substr(0, *size);
    rest_ = rest.substr(*size);
    return out;
}

std::optional<BsonElement> find_element(ByteView document, std::string_view name) {
    BsonReader reader(document);
    while (auto element = reader.next()) {
        if (element->name == name) {
            return element;
        }
    }
    return std::nullopt;
}

namespace {

class DocumentWriter {
  public:
    DocumentWriter(FieldWriter& writer, const BsonLimits& limits)
        : writer_(writer), limits_(limits), left_(limits.max_elements) {}

    void document(std::string_view key, ByteView bytes, bool is_array, unsigned depth) {
        is_array ? writer_.begin_array(key) : writer_.begin_object(key);
        BsonReader reader(bytes);
        bool left_out = depth >= limits_.max_depth;
        while (!left_out) {
            const auto element = reader.next();
            if (!element) {
                left_out = !reader.is_whole();
                break;
            }
            left_out = left_ == 0;
            if (!left_out) {
                --left_;
                value(is_array ? std::string() : name_of(element->name), *element, depth);
            }
        }
        if (left_out) {
            writer_.text("…", "…");
        }
        is_array ? writer_.end_array() : writer_.end_object();
    }

  private:
    /// Names are text in all outputs.
    static std::string name_of(ByteView name) {
        constexpr std::size_t kMost = 256;
        return is_utf8(name) && name.size() <= kMost ? std::string(name) : printable(name.substr(0, kMost));
    }
    std::string text_of(ByteView text) const {
        return text.size() <= limits_.max_text ? std::string(text)
                                               : std::string(text.substr(0, limits_.max_text)) + "…";
    }
    template <class Write>
    void object(std::string_view key, Write write) {
        writer_.begin_object(key);
        write();
        writer_.end_object();
    }

    void value(const std::string& key, const BsonElement& element, unsigned depth) {
        const ByteView bytes = element.value;
        if (limits_.is_secret && limits_.is_secret(element.name)) {
            writer_.text(key, "***");
            return;
        }
        switch (element.type) {
            case BsonType::real:
                return real(key, load_double(bytes));
            case BsonType::int32:
                return writer_.number(key, std::int64_t{load_i32(bytes)});
            case BsonType::int64:
                return writer_.number(key, load_i64(bytes));
            case BsonType::boolean:
                return writer_.boolean(key, bytes.front() != 0);
            case BsonType::null:
                return writer_.null(key);
            case BsonType::string:
                return writer_.text(key, text_of(element.text().value_or("")));
            case BsonType::document:
                return document(key, bytes, false, depth + 1);
            case BsonType::array:
                return document(key, bytes, true, depth + 1);
            default:
                return object(key, [&] { wrapped(element); });
        }
    }

    void real(const std::string& key, double value) {
        if (value == value && value <= std::numeric_limits<double>::max() &&
            value >= std::numeric_limits<double>::lowest()) {
            writer_.number(key, value);
        } else {
            object(key, [&] {
                writer_.text("$numberDouble", value != value ? "NaN" : value > 0 ? "Infinity" : "-Infinity");
            });
        }
    }

    /// The types that JSON has not.
    void wrapped(const BsonElement& element) {
        const ByteView bytes = element.value;
        switch (element.type) {
            case BsonType::object_id:
                return writer_.text("$oid", hex(bytes));
            case BsonType::date:
                // Dates behind 9999 and before 1970 are numbers in relaxed mode too; here, all are.
                return object("$date", [&] { writer_.text("$numberLong", std::to_string(load_i64(bytes))); });
            case BsonType::binary:
                return object("$binary", [&] {
                    const ByteView content = bytes.substr(kSizeField + 1);
                    writer_.text("base64", base64(content.substr(0, limits_.max_text)) +
                                               (content.size() > limits_.max_text ? "…" : ""));
                    writer_.text("subType", hex(bytes.substr(kSizeField, 1)));
                });
            case BsonType::timestamp:
                return object("$timestamp", [&] {
                    writer_.number("t", load_le<std::uint32_t>(bytes, 4));
                    writer_.number("i", load_le<std::uint32_t>(bytes));
                });
            case BsonType::regex:
                return object("$regularExpression", [&] {
                    const std::size_t end = bytes.find('\0');
                    writer_.text("pattern", text_of(bytes.substr(0, end)));
                    writer_.text("options", text_of(bytes.substr(end + 1, bytes.size() - end - 2)));
                });
            case BsonType::code:
                return writer_.text("$code", text_of(element.text().value_or("")));
            case BsonType::symbol:
                return writer_.text("$symbol", text_of(element.text().value_or("")));
            case BsonType::code_with_scope:
                return writer_.text("$code", "(with scope)");
            case BsonType::db_pointer:
                return writer_.text("$dbPointer", hex(bytes.substr(bytes.size() - 12)));
            case BsonType::decimal128:
                return writer_.text("$numberDecimal", "0x" + hex(bytes));
            case BsonType::undefined:
                return writer_.boolean("$undefined", true);
            case BsonType::min_key:
                return writer_.number("$minKey", 1);
            default:
                return writer_.number("$maxKey", 1);
        }
    }

    FieldWriter& writer_;
    const BsonLimits& limits_;
    std::size_t left_;
};

}  // namespace

void write_document(FieldWriter& writer, std::string_view key, ByteView document, const BsonLimits& limits) {
    DocumentWriter(writer, limits).document(key, document, false, 0);
}

std::string short_value(const BsonElement& element) {
    constexpr std::size_t kMost = 40;
    if (const auto text = element.text()) {
        return fmt::format("\"{}{}\"", text->substr(0, kMost), text->size() > kMost ? "…" : "");
    }
    switch (element.type) {
        case BsonType::document:
            return "{…}";
        case BsonType::array:
            return "[…]";
        case BsonType::null:
            return "null";
        case BsonType::boolean:
            return element.value.front() != 0 ? "true" : "false";
        case BsonType::object_id:
            return hex(element.value);
        default:
            break;
    }
    if (element.type == BsonType::real) {
        return fmt::format("{}", load_double(element.value));
    }
    const auto number = element.integer();
    return number ? std::to_string(*number) : "…";
}

}  // namespace sslsniff::mongodb
