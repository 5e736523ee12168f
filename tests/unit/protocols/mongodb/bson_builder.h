#pragma once

#include <bit>
#include <cstdint>
#include <string>
#include <string_view>

#include "base/endian.h"

namespace sslsniff::test {

/// Builds a BSON document element by element.
class Bson {
  public:
    Bson& raw(int type, std::string_view name, std::string_view value) {
        content_ += static_cast<char>(type);
        content_.append(name).append(1, '\0').append(value);
        return *this;
    }
    Bson& text(std::string_view name, std::string_view value) { return raw(2, name, string(value)); }
    Bson& int32(std::string_view name, std::int32_t value) { return raw(0x10, name, le32(value)); }
    Bson& int64(std::string_view name, std::int64_t value) {
        std::string bytes;
        append_le(bytes, static_cast<std::uint64_t>(value));
        return raw(0x12, name, bytes);
    }
    Bson& real(std::string_view name, double value) {
        std::string bytes;
        append_le(bytes, std::bit_cast<std::uint64_t>(value));
        return raw(1, name, bytes);
    }
    Bson& document(std::string_view name, const Bson& value) { return raw(3, name, value.bytes()); }
    Bson& array(std::string_view name, const Bson& value) { return raw(4, name, value.bytes()); }
    Bson& binary(std::string_view name, std::string_view value) {
        return raw(5, name,
                   le32(static_cast<std::int32_t>(value.size())) + std::string(1, '\0') + std::string(value));
    }
    std::string bytes() const {
        return le32(static_cast<std::int32_t>(content_.size() + 5)) + content_ + std::string(1, '\0');
    }

    static std::string le32(std::int32_t value) {
        std::string out;
        append_le(out, static_cast<std::uint32_t>(value));
        return out;
    }
    static std::string string(std::string_view value) {
        return le32(static_cast<std::int32_t>(value.size() + 1)) + std::string(value) + std::string(1, '\0');
    }

  private:
    std::string content_;
};

inline std::string mongodb_message(std::int32_t id, std::int32_t answers, std::int32_t opcode,
                                   std::string_view body) {
    return Bson::le32(static_cast<std::int32_t>(body.size() + 16)) + Bson::le32(id) + Bson::le32(answers) +
           Bson::le32(opcode) + std::string(body);
}
inline std::string op_msg(std::int32_t id, std::int32_t answers, const Bson& body, std::uint32_t flags = 0,
                          std::string_view more = "") {
    return mongodb_message(id, answers, 2013,
                           Bson::le32(static_cast<std::int32_t>(flags)) + std::string(1, '\0') +
                               body.bytes() + std::string(more));
}
inline std::string sequence(std::string_view id, std::string_view documents) {
    const std::string content = std::string(id) + std::string(1, '\0') + std::string(documents);
    return "\1" + Bson::le32(static_cast<std::int32_t>(content.size() + 4)) + content;
}

}  // namespace sslsniff::test
