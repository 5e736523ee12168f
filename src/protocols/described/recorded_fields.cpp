#include "protocols/described/recorded_fields.h"

#include <fmt/format.h>

#include <array>
#include <bit>
#include <iterator>
#include <limits>

#include "base/memory.h"

namespace sslsniff {

/// Goes through what was recorded.
class RecordedFields::Reader {
  public:
    explicit Reader(const RecordedFields& fields) : left_(fields.log_), next_body_(fields.bodies_.begin()) {}

    bool done() const { return left_.empty(); }
    Kind kind() {
        const auto kind = static_cast<Kind>(left_.front());
        left_.remove_prefix(1);
        return kind;
    }
    /// Of a key and of a text.
    std::string_view text() {
        const auto size = value<std::uint32_t>();
        const std::string_view text = left_.substr(0, size);
        left_.remove_prefix(size);
        return text;
    }
    template <class Value>
    Value value() {
        std::array<char, sizeof(Value)> bytes{};
        left_.copy(bytes.data(), bytes.size());
        left_.remove_prefix(bytes.size());
        return std::bit_cast<Value>(bytes);
    }
    const Body& body() { return *next_body_++; }

  private:
    std::string_view left_;
    std::vector<Body>::const_iterator next_body_;
};

bool RecordedFields::begin(Kind kind, std::string_view key, std::size_t text_size) {
    const std::size_t size = kFieldCost + key.size() + text_size;
    if (skipped_ > 0 || bytes_ + size > max_bytes_) {
        ++left_out_;
        return false;
    }
    bytes_ += size;
    log_ += static_cast<char>(kind);
    put_text(key);
    return true;
}

void RecordedFields::put_text(std::string_view text) {
    const auto size = static_cast<std::uint32_t>(text.size());
    put(&size, sizeof(size));
    log_ += text;
}

void RecordedFields::open(Kind kind, std::string_view key) {
    skipped_ += begin(kind, key) ? 0 : 1;
}

void RecordedFields::end() {
    if (skipped_ > 0) {
        --skipped_;
    } else {
        log_ += static_cast<char>(Kind::end);
    }
}

void RecordedFields::text(std::string_view key, ByteView bytes) {
    if (begin(Kind::text, key, bytes.size())) {
        put_text(bytes);
    }
}

void RecordedFields::body(std::string_view key, const Body& body) {
    if (begin(Kind::body, key)) {
        bodies_.push_back(body);
    }
}

void RecordedFields::append(RecordedFields other) {
    if (other.left_out_ > 0) {
        other.max_bytes_ = std::numeric_limits<std::size_t>::max();
        other.number("fields_left_out", other.left_out_);
    }
    log_ += other.log_;
    bodies_.insert(bodies_.end(), std::make_move_iterator(other.bodies_.begin()),
                   std::make_move_iterator(other.bodies_.end()));
}

void RecordedFields::write(FieldWriter& writer) const {
    std::vector<Kind> open;
    for (Reader reader(*this); !reader.done();) {
        const Kind kind = reader.kind();
        if (kind == Kind::end) {
            open.back() == Kind::object ? writer.end_object() : writer.end_array();
            open.pop_back();
            continue;
        }
        const std::string_view key = reader.text();
        switch (kind) {
            case Kind::object:
                open.push_back(kind);
                writer.begin_object(key);
                break;
            case Kind::array:
                open.push_back(kind);
                writer.begin_array(key);
                break;
            case Kind::text:
                writer.text(key, reader.text());
                break;
            case Kind::integer:
                writer.number(key, reader.value<std::int64_t>());
                break;
            case Kind::real:
                writer.number(key, reader.value<double>());
                break;
            case Kind::boolean:
                writer.boolean(key, reader.value<bool>());
                break;
            case Kind::null:
                writer.null(key);
                break;
            case Kind::body:
                writer.body(key, reader.body());
                break;
            case Kind::end:
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
    for (Reader reader(*this); !reader.done();) {
        const Kind kind = reader.kind();
        if (kind == Kind::end) {
            path.pop();
            continue;
        }
        const std::string_view key = reader.text();
        const auto line = [&](const auto& value) {
            writer.line(marker, fmt::format("{}: {}", path.of(key), value));
        };
        switch (kind) {
            case Kind::object:
            case Kind::array:
                path.push(key);
                break;
            case Kind::text:
                line(reader.text());
                break;
            case Kind::integer:
                line(reader.value<std::int64_t>());
                break;
            case Kind::real:
                line(reader.value<double>());
                break;
            case Kind::boolean:
                line(reader.value<bool>());
                break;
            case Kind::null:
                line("null");
                break;
            case Kind::body:
                writer.body(marker, reader.body());
                break;
            case Kind::end:
                break;
        }
    }
    if (left_out_ > 0) {
        writer.line('*', fmt::format("{} more fields are not kept", left_out_));
    }
}

std::size_t RecordedFields::held() const {
    std::size_t held = heap_bytes(log_) + heap_bytes(bodies_);
    for (const Body& body : bodies_) {
        held += body.held();
    }
    return held;
}

}  // namespace sslsniff
