#pragma once

#include <cstdint>
#include <string>
#include <string_view>
#include <variant>
#include <vector>

#include "model/exchange.h"

namespace sslsniff {

using FieldValue = std::variant<std::int64_t, double, bool, Bytes>;

/// Keeps the values of some fields of what writes its fields to it. A field in an array has several.
class FieldCollector final : public FieldWriter {
  public:
    /// `paths` as in filter_fields(), header names in lower case. Borrows them.
    explicit FieldCollector(const std::vector<std::string>& paths) : paths_(paths), values_(paths.size()) {}

    const std::vector<FieldValue>& values(std::size_t index) const { return values_[index]; }

    void begin_object(std::string_view key) override { open(key, false); }
    void end_object() override { close(); }
    void begin_array(std::string_view key) override { open(key, true); }
    void end_array() override { close(); }
    void text(std::string_view key, ByteView bytes) override;
    using FieldWriter::number;
    void number(std::string_view key, std::int64_t value) override;
    void number(std::string_view key, double value) override;
    void boolean(std::string_view key, bool value) override;
    void null(std::string_view /*key*/) override {}
    void body(std::string_view key, const Body& body) override;

  private:
    struct Level {
        std::size_t path_size = 0;  ///< of the path before it
        bool is_array = false;
    };

    void open(std::string_view key, bool is_array);
    void close();
    /// Appends the key to the path, unless an array ignores it; undone by close() or here.
    std::size_t append_key(std::string_view key);
    /// Calls `use(index)` for the wanted fields at the path with `key` behind it.
    template <class Use>
    void at(std::string_view key, Use use);
    template <class T>
    void keep(std::string_view key, const T& value);

    const std::vector<std::string>& paths_;
    std::vector<std::vector<FieldValue>> values_;
    std::string path_;
    std::vector<Level> levels_;
    Bytes name_;  ///< the last text called "name": of a header field, whose "value" follows
};

}  // namespace sslsniff
