#include "filter/field_collector.h"

#include <type_traits>
#include <utility>

#include "base/text.h"

namespace sslsniff {

template <class Use>
void FieldCollector::at(std::string_view key, Use use) {
    const std::size_t before = append_key(key);
    for (std::size_t i = 0; i < paths_.size(); ++i) {
        if (paths_[i] == path_) {
            use(i);
        }
    }
    path_.resize(before);
}

template <class T>
void FieldCollector::keep(std::string_view key, const T& value) {
    at(key, [&](std::size_t i) {
        if constexpr (std::is_same_v<T, ByteView>) {
            values_[i].emplace_back(std::in_place_type<Bytes>, value);
        } else {
            values_[i].emplace_back(std::in_place_type<T>, value);
        }
    });
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

void FieldCollector::open(std::string_view key, bool is_array) {
    levels_.push_back({append_key(key), is_array});
}

void FieldCollector::close() {
    path_.resize(levels_.back().path_size);
    levels_.pop_back();
}

std::size_t FieldCollector::append_key(std::string_view key) {
    const std::size_t before = path_.size();
    const bool ignored = key.empty() || (!levels_.empty() && levels_.back().is_array);
    if (!ignored) {
        path_ += path_.empty() ? "" : ".";
        path_ += key;
    }
    return before;
}

}  // namespace sslsniff
