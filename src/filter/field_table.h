#pragma once

#include <optional>
#include <span>
#include <string>
#include <string_view>
#include <vector>

#include "model/field_spec.h"

namespace sslsniff {

/// A field as named in an expression.
struct Field {
    std::string path;
    FieldType type = FieldType::text;
};

/// The fields that --where knows: those that every transaction or connection has, and those of the protocols.
class FieldTable {
  public:
    explicit FieldTable(std::span<const std::span<const FieldSpec>> protocols);

    /// By path or short name; nullopt when there is none.
    std::optional<Field> find(std::string_view name) const;
    /// The known name most like `name`, for messages; empty when none is.
    std::string_view similar(std::string_view name) const;
    std::span<const FieldSpec> fields() const { return fields_; }

  private:
    void add(const FieldSpec& field);

    std::vector<FieldSpec> fields_;
};

}  // namespace sslsniff
