#include "protocols/described/recorded_fields.h"

#include <fmt/format.h>

#include "base/memory.h"

namespace sslsniff {

void RecordedFields::add(Kind kind, std::string_view key, Value value) {
    const auto* const text = std::get_if<std::string>(&value);
    const std::size_t size = sizeof(Item) + key.size() + (text != nullptr ? text->size() : 0);
    const bool opens = kind == Kind::object || kind == Kind::array;
    if (skipped_ > 0 || bytes_ + size > max_bytes_) {
        skipped_ += opens ? 1 : 0;
        ++left_out_;
        return;
    }
    bytes_ += size;
    items_.push_back({kind, std::string(key), std::move(value)});
}

void RecordedFields::end() {
    if (skipped_ > 0) {
        --skipped_;
    } else {
        items_.push_back({Kind::end, {}, {}});
    }
}

void RecordedFields::text(std::string_view key, ByteView bytes) {
    add(Kind::text, key, std::string(bytes));
}

void RecordedFields::body(std::string_view key, const Body& body) {
    add(Kind::body, key, body);
}

void RecordedFields::write(FieldWriter& writer) const {
    std::vector<Kind> open;
    for (const Item& item : items_) {
        switch (item.kind) {
            case Kind::object:
                open.push_back(item.kind);
                writer.begin_object(item.key);
                break;
            case Kind::array:
                open.push_back(item.kind);
                writer.begin_array(item.key);
                break;
            case Kind::end:
                open.back() == Kind::object ? writer.end_object() : writer.end_array();
                open.pop_back();
                break;
            case Kind::text:
                writer.text(item.key, std::get<std::string>(item.value));
                break;
            case Kind::integer:
                writer.number(item.key, std::get<std::int64_t>(item.value));
                break;
            case Kind::real:
                writer.number(item.key, std::get<double>(item.value));
                break;
            case Kind::boolean:
                writer.boolean(item.key, std::get<bool>(item.value));
                break;
            case Kind::null:
                writer.null(item.key);
                break;
            case Kind::body:
                writer.body(item.key, std::get<Body>(item.value));
                break;
        }
    }
    if (left_out_ > 0) {
        writer.number("fields_left_out", left_out_);
    }
}

namespace {

/// The path of each value, as --where has it: elements of arrays have the array's.
class Path {
  public:
    void push(std::string_view key) {
        ends_.push_back(text_.size());
        text_ += text_.empty() || key.empty() ? "" : ".";
        text_ += key;
    }
    void pop() {
        text_.resize(ends_.back());
        ends_.pop_back();
    }
    std::string of(std::string_view key) const {
        return key.empty() ? text_ : text_.empty() ? std::string(key) : fmt::format("{}.{}", text_, key);
    }

  private:
    std::string text_;
    std::vector<std::size_t> ends_;
};

}  // namespace

void RecordedFields::write_details(DetailWriter& writer, char marker) const {
    Path path;
    for (const Item& item : items_) {
        switch (item.kind) {
            case Kind::object:
            case Kind::array:
                path.push(item.key);
                break;
            case Kind::end:
                path.pop();
                break;
            case Kind::text:
                writer.line(marker,
                            fmt::format("{}: {}", path.of(item.key), std::get<std::string>(item.value)));
                break;
            case Kind::integer:
                writer.line(marker,
                            fmt::format("{}: {}", path.of(item.key), std::get<std::int64_t>(item.value)));
                break;
            case Kind::real:
                writer.line(marker, fmt::format("{}: {}", path.of(item.key), std::get<double>(item.value)));
                break;
            case Kind::boolean:
                writer.line(marker, fmt::format("{}: {}", path.of(item.key), std::get<bool>(item.value)));
                break;
            case Kind::null:
                writer.line(marker, fmt::format("{}: null", path.of(item.key)));
                break;
            case Kind::body:
                writer.body(marker, std::get<Body>(item.value));
                break;
        }
    }
    if (left_out_ > 0) {
        writer.line('*', fmt::format("{} more fields are not kept", left_out_));
    }
}

std::size_t RecordedFields::held() const {
    std::size_t held = heap_bytes(items_);
    for (const Item& item : items_) {
        held += heap_bytes(item.key);
        if (const auto* const text = std::get_if<std::string>(&item.value)) {
            held += heap_bytes(*text);
        } else if (const auto* const body = std::get_if<Body>(&item.value)) {
            held += body->held();
        }
    }
    return held;
}

}  // namespace sslsniff
