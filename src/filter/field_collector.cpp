#include "filter/field_collector.h"

#include <type_traits>
#include <utility>

#include "base/text.h"

namespace sslsniff {

void FieldCollector::clear() {
    for (auto& values : values_) {
        values.clear();
    }
    levels_.resize(1);
    name_.clear();
}

FieldPaths::Node FieldCollector::place_of(std::string_view key) const {
    const Level& level = levels_.back();
    return level.is_array ? level.node : paths_.below(level.node, key);
}

template <class T>
void FieldCollector::keep(std::string_view key, const T& value) {
    const FieldPaths::Node node = place_of(key);
    if (node == FieldPaths::kNone) {
        return;
    }
    for (const std::size_t i : paths_.ending_at(node)) {
        if constexpr (std::is_same_v<T, ByteView>) {
            values_[i].emplace_back(std::in_place_type<Bytes>, value);
        } else {
            values_[i].emplace_back(std::in_place_type<T>, value);
        }
    }
}

void FieldCollector::number(std::string_view key, std::int64_t value) {
    keep(key, value);
}

void FieldCollector::number(std::string_view key, double value) {
    keep(key, value);
}

void FieldCollector::boolean(std::string_view key, bool value) {
    keep(key, value);
}

void FieldCollector::text(std::string_view key, ByteView bytes) {
    if (levels_.back().node == FieldPaths::kNone) {
        return;
    }
    keep(key, bytes);
    if (key == "name") {
        name_ = bytes;
    } else if (key == "value" && !name_.empty()) {
        keep(to_lower(std::exchange(name_, {})), bytes);
    }
}

void FieldCollector::body(std::string_view key, const Body& body) {
    begin_object(key);
    number("size", body.size);
    number("captured", body.captured.size());
    number("missing", body.missing);
    keep("text", ByteView(body.captured));
    end_object();
}

}  // namespace sslsniff
