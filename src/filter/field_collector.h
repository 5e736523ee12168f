#pragma once

#include <cstdint>
#include <string_view>
#include <variant>
#include <vector>

#include "filter/field_paths.h"
#include "model/exchange.h"

namespace sslsniff {

using FieldValue = std::variant<std::int64_t, double, bool, Bytes>;

/// Keeps the values of some fields of what writes its fields to it. A field in an array has several.
class FieldCollector final : public FieldWriter {
  public:
    /// Borrows `paths`, which stay as they are.
    explicit FieldCollector(const FieldPaths& paths) : paths_(paths), values_(paths.size()) {}

    const std::vector<FieldValue>& values(std::size_t index) const { return values_[index]; }
    /// Forgets all values, for others.
    void clear();

    void begin_object(std::string_view key) override { open(key, false); }
    void end_object() override { levels_.pop_back(); }
    void begin_array(std::string_view key) override { open(key, true); }
    void end_array() override { levels_.pop_back(); }
    void text(std::string_view key, ByteView bytes) override;
    using FieldWriter::number;
    void number(std::string_view key, std::int64_t value) override;
    void number(std::string_view key, double value) override;
    void boolean(std::string_view key, bool value) override;
    void null(std::string_view /*key*/) override {}
    void body(std::string_view key, const Body& body) override;

  private:
    struct Level {
        FieldPaths::Node node = FieldPaths::kRoot;
        bool is_array = false;  ///< what is in it has no keys
    };

    void open(std::string_view key, bool is_array) {
        levels_.push_back({place_of(key), is_array});
        name_.clear();
    }
    FieldPaths::Node place_of(std::string_view key) const;
    template <class T>
    void keep(std::string_view key, const T& value);

    const FieldPaths& paths_;
    std::vector<std::vector<FieldValue>> values_;
    std::vector<Level> levels_{Level()};  ///< the first is no object that was begun
    Bytes name_;  ///< the last text called "name": of a header field, whose "value" follows in this object
};

}  // namespace sslsniff
