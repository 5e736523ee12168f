#include "protocols/http/http_headers.h"

#include "base/text.h"

namespace sslsniff {

void HttpHeaders::add(ByteView name, ByteView value) {
    begin_field();
    extend_name(name);
    extend_value(value);
}

void HttpHeaders::extend_name(ByteView bytes) {
    bytes_.append(bytes);
    entries_.back().name += static_cast<std::uint32_t>(bytes.size());
}

void HttpHeaders::extend_value(ByteView bytes) {
    bytes_.append(bytes);
    entries_.back().value += static_cast<std::uint32_t>(bytes.size());
}

void HttpHeaders::trim_value() {
    if (entries_.empty()) {
        return;
    }
    auto& value = entries_.back().value;
    while (value > 0 && (bytes_.back() == ' ' || bytes_.back() == '\t')) {
        bytes_.pop_back();
        --value;
    }
}

HttpHeaders::Field HttpHeaders::operator[](std::size_t index) const {
    const Entry& entry = entries_[index];
    const ByteView all = bytes_;
    return {all.substr(entry.begin, entry.name), all.substr(entry.begin + entry.name, entry.value)};
}

std::optional<ByteView> HttpHeaders::find(ByteView name) const {
    for (const auto& field : *this) {
        if (equals_ignore_case(field.name, name)) {
            return field.value;
        }
    }
    return std::nullopt;
}

bool HttpHeaders::has_token(ByteView name, ByteView token) const {
    for (const auto& field : *this) {
        if (!equals_ignore_case(field.name, name)) {
            continue;
        }
        ByteView list = field.value;
        while (!list.empty()) {
            const auto comma = list.find(',');
            if (equals_ignore_case(trim(list.substr(0, comma)), token)) {
                return true;
            }
            list = comma == ByteView::npos ? ByteView{} : list.substr(comma + 1);
        }
    }
    return false;
}

}  // namespace sslsniff
