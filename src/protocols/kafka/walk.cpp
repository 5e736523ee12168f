#include "protocols/kafka/walk.h"

#include <algorithm>
#include <concepts>
#include <optional>

#include "base/endian.h"

namespace sslsniff::kafka {
namespace {

/// Bytes of the encodings by https://kafka.apache.org/protocol#protocol_types. Once something is wrong,
/// nothing more is read.
class Walker {
  public:
    Walker(std::int16_t version, bool is_flexible, Remaining& remaining, FieldSink& sink)
        : version_(version), is_flexible_(is_flexible), left_(remaining), sink_(sink) {}

    void fields(Fields all) {
        for (const Field& field : all) {
            if (!good()) {
                return;
            }
            if (field.tag < 0 && field.versions.has(version_)) {
                one(field);
            }
        }
        if (is_flexible_ && good()) {
            tagged(all);
        }
    }

    void tagged(Fields known) {
        for (std::uint64_t count = unsigned_varint(); count > 0 && good(); --count) {
            const std::uint64_t tag = unsigned_varint();
            const std::uint64_t size = unsigned_varint();
            if (!good() || size > left_.size) {
                fail(Walked::malformed);
                return;
            }
            const auto found = std::ranges::find_if(known, [&](const Field& field) {
                return field.tag >= 0 && static_cast<std::uint64_t>(field.tag) == tag &&
                       field.versions.has(version_);
            });
            if (found == known.end()) {
                take(size);
                continue;
            }
            Remaining inside{left_.bytes.substr(0, size), size};
            Walker walker(version_, is_flexible_, inside, sink_);
            walker.one(*found);
            fail(walker.result_);
            take(size);
        }
    }

    Walked result() const { return result_; }

  private:
    bool good() const { return result_ == Walked::whole; }
    void fail(Walked why) { result_ = good() ? why : result_; }

    /// The next bytes, as far as they are there; fewer than `size` are a failure, but not for `take`.
    ByteView take(std::uint64_t size) {
        if (size > left_.size) {
            fail(Walked::malformed);
            return {};
        }
        const ByteView out = left_.bytes.substr(0, size);
        left_.bytes.remove_prefix(out.size());
        left_.size -= size;
        if (out.size() < size) {
            fail(Walked::cut);
        }
        return out;
    }
    template <std::signed_integral T>
    std::int64_t number() {
        const ByteView view = take(sizeof(T));
        return view.size() == sizeof(T) ? static_cast<T>(load_be<std::make_unsigned_t<T>>(view)) : 0;
    }
    std::uint64_t unsigned_varint() {
        std::uint64_t value = 0;
        for (unsigned shift = 0; shift < 35; shift += 7) {
            const ByteView view = take(1);
            if (view.empty()) {
                return 0;
            }
            const auto byte = static_cast<std::uint8_t>(view.front());
            value |= static_cast<std::uint64_t>(byte & 0x7F) << shift;
            if (byte < 0x80) {
                return value;
            }
        }
        fail(Walked::malformed);
        return 0;
    }
    /// Of a string, bytes or array; nothing: null, or not to be read.
    std::optional<std::uint64_t> length(Type type, bool is_array) {
        if (is_flexible_) {
            const std::uint64_t value = unsigned_varint();
            return value == 0 ? std::nullopt : std::optional(value - 1);
        }
        const std::int64_t value =
            type == Type::string && !is_array ? number<std::int16_t>() : number<std::int32_t>();
        if (value < -1) {
            fail(Walked::malformed);
        }
        return value < 0 ? std::nullopt : std::optional(static_cast<std::uint64_t>(value));
    }

    void one(const Field& field) {
        if (!field.is_array) {
            value(field);
            return;
        }
        const std::optional<std::uint64_t> count = length(field.type, true);
        if (!good()) {
            return;
        }
        if (!count) {
            sink_.on_null(field);
            return;
        }
        if (*count > left_.size) {
            fail(Walked::malformed);  // each element has a byte at least
            return;
        }
        sink_.begin_array(field);
        for (std::uint64_t i = 0; i < *count && good(); ++i) {
            value(field);
        }
        sink_.end_array();
    }

    void value(const Field& field) {
        switch (field.type) {
            case Type::boolean:
            case Type::int8:
                return numeric(field, number<std::int8_t>());
            case Type::int16:
                return numeric(field, number<std::int16_t>());
            case Type::int32:
                return numeric(field, number<std::int32_t>());
            case Type::int64:
                return numeric(field, number<std::int64_t>());
            case Type::uuid: {
                constexpr std::size_t kSize = 16;
                const ByteView id = take(kSize);
                if (good()) {
                    sink_.on_uuid(field, id);
                }
                return;
            }
            case Type::structure:
                return inner(field);
            case Type::string:
            case Type::bytes:
            case Type::records:
                break;
        }
        const std::optional<std::uint64_t> size = length(field.type, false);
        if (!good()) {
            return;
        }
        if (!size) {
            sink_.on_null(field);
            return;
        }
        if (*size > left_.size) {
            fail(Walked::malformed);
            return;
        }
        sink_.on_bytes(field, take(*size), *size);
    }

    void numeric(const Field& field, std::int64_t value) {
        if (good()) {
            sink_.on_number(field, value);
        }
    }

    void inner(const Field& field) {
        if (field.is_nullable) {
            const std::int64_t there = number<std::int8_t>();
            if (good() && there < 0) {
                sink_.on_null(field);
            }
            if (!good() || there < 0) {
                return;
            }
        }
        sink_.begin_structure(field);
        fields(field.fields);
        sink_.end_structure();
    }

    std::int16_t version_;
    bool is_flexible_;
    Remaining& left_;
    FieldSink& sink_;
    Walked result_ = Walked::whole;
};

}  // namespace

Walked walk(Fields fields, std::int16_t version, bool is_flexible, Remaining& remaining, FieldSink& sink) {
    Walker walker(version, is_flexible, remaining, sink);
    walker.fields(fields);
    return walker.result();
}

Walked skip_tagged(Remaining& remaining) {
    FieldSink nobody;
    Walker walker(0, true, remaining, nobody);
    walker.tagged({});
    return walker.result();
}

}  // namespace sslsniff::kafka
