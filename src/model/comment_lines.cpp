#include "model/comment_lines.h"

#include <fmt/format.h>

#include "base/text.h"

namespace sslsniff {
namespace {

std::string unescape(std::string_view value) {
    std::string out;
    for (std::size_t i = 0; i < value.size(); ++i) {
        unsigned byte = 0;
        if (value[i] == '\\' && i + 3 < value.size() && value[i + 1] == 'x') {
            const char* digits = value.data() + i + 2;
            if (std::from_chars(digits, digits + 2, byte, 16).ptr == digits + 2) {
                out += static_cast<char>(byte);
                i += 3;
                continue;
            }
        }
        out += value[i];
    }
    return out;
}

std::string_view next_line(std::string_view& text) {
    const auto end = text.find('\n');
    const std::string_view line = text.substr(0, end);
    text.remove_prefix(end == std::string_view::npos ? text.size() : end + 1);
    return line;
}

}  // namespace

void CommentLines::add(std::string_view key, std::string_view value) {
    if (!value.empty()) {
        text_ += fmt::format("\n{}: {}", key, printable(value));
    }
}

void CommentLines::add(std::string_view key, std::uint64_t value) {
    if (value != 0) {
        text_ += fmt::format("\n{}: {}", key, value);
    }
}

void CommentLines::flag(std::string_view key, bool value) {
    if (value) {
        add(key, "yes");
    }
}

std::optional<CommentFields> CommentFields::parse(std::string_view text, std::string_view title) {
    CommentFields fields;
    std::string_view line = next_line(text);
    if (!line.starts_with(title)) {
        return std::nullopt;
    }
    while (!text.empty()) {
        line = next_line(text);
        if (const auto colon = line.find(": "); colon != std::string_view::npos) {
            fields.values_.emplace(line.substr(0, colon), unescape(line.substr(colon + 2)));
        }
    }
    return fields;
}

std::string CommentFields::text(std::string_view key) const {
    const auto found = values_.find(key);
    return found != values_.end() ? found->second : std::string();
}

std::optional<Duration> CommentFields::duration(std::string_view key) const {
    const auto ns = number<std::int64_t>(key);
    return ns != 0 ? std::optional(Duration(ns)) : std::nullopt;
}

std::string join_names(const std::vector<std::string>& names) {
    std::string list;
    for (const std::string& name : names) {
        list += list.empty() ? "" : ",";
        for (const char c : name) {
            list += c == ',' ? std::string("\\x2c") : c == '\\' ? std::string("\\x5c") : std::string(1, c);
        }
    }
    return list;
}

std::vector<std::string> split_names(std::string_view list) {
    std::vector<std::string> names;
    while (!list.empty()) {
        const auto comma = list.find(',');
        names.push_back(unescape(list.substr(0, comma)));
        list.remove_prefix(comma == std::string_view::npos ? list.size() : comma + 1);
    }
    return names;
}

}  // namespace sslsniff
