#include "capture/discovery/proc_maps.h"

#include <sys/sysmacros.h>

#include <charconv>
#include <optional>

namespace sslsniff {
namespace {

/// Takes numbers and separators from the front of a line.
class LineReader {
  public:
    explicit LineReader(std::string_view line) : rest_(line) {}

    std::optional<std::uint64_t> number(int base) {
        std::uint64_t value = 0;
        const auto [end, error] = std::from_chars(rest_.data(), rest_.data() + rest_.size(), value, base);
        if (error != std::errc{}) {
            return std::nullopt;
        }
        rest_.remove_prefix(static_cast<std::size_t>(end - rest_.data()));
        return value;
    }
    bool skip(char separator) {
        if (rest_.empty() || rest_.front() != separator) {
            return false;
        }
        rest_.remove_prefix(1);
        return true;
    }
    std::string_view word() {
        const std::string_view word = rest_.substr(0, rest_.find(' '));
        rest_.remove_prefix(word.size());
        return word;
    }
    std::string_view rest() const { return rest_; }

  private:
    std::string_view rest_;
};

/// seq_path() escapes newlines alone, not even the backslash: a file really called `a\012b` cannot be told
/// apart. It is opened by its mapping, so only its name is shown wrongly.
std::string unescape_newlines(std::string_view text) {
    static constexpr std::string_view kEscaped = "\\012";
    std::string out;
    out.reserve(text.size());
    for (std::size_t at = 0; at < text.size();) {
        const bool escaped = text.substr(at).starts_with(kEscaped);
        out += escaped ? '\n' : text[at];
        at += escaped ? kEscaped.size() : 1;
    }
    return out;
}

/// START-END PERMS OFFSET MAJOR:MINOR INODE PATH
std::optional<Mapping> parse_line(std::string_view line) {
    static constexpr std::string_view kDeleted = " (deleted)";
    LineReader reader(line);
    const auto start = reader.number(16);
    const bool dash = reader.skip('-');
    const auto end = reader.number(16);
    if (!start || !dash || !end || !reader.skip(' ')) {
        return std::nullopt;
    }
    const std::string_view permissions = reader.word();
    if (permissions.size() < 4 || permissions[2] != 'x' || !reader.skip(' ')) {
        return std::nullopt;
    }
    const auto offset = reader.number(16);
    const bool space = reader.skip(' ');
    const auto major = reader.number(16);
    const bool colon = reader.skip(':');
    const auto minor = reader.number(16);
    const bool second_space = reader.skip(' ');
    const auto inode = reader.number(10);
    if (!offset || !space || !major || !colon || !minor || !second_space || !inode || *inode == 0) {
        return std::nullopt;
    }
    const auto path_at = reader.rest().find_first_not_of(' ');
    if (path_at == std::string_view::npos || reader.rest()[path_at] != '/' || *end <= *start) {
        return std::nullopt;
    }
    std::string_view path = reader.rest().substr(path_at);
    Mapping mapping;
    mapping.start = *start;
    mapping.end = *end;
    mapping.file_offset = *offset;
    mapping.device = makedev(static_cast<unsigned>(*major), static_cast<unsigned>(*minor));
    mapping.inode = *inode;
    mapping.deleted = path.ends_with(kDeleted) && path.size() > kDeleted.size();
    if (mapping.deleted) {
        path.remove_suffix(kDeleted.size());
    }
    mapping.path = unescape_newlines(path);
    return mapping;
}

}  // namespace

std::vector<Mapping> parse_executable_mappings(std::string_view maps) {
    std::vector<Mapping> mappings;
    while (!maps.empty()) {
        const std::string_view line = maps.substr(0, maps.find('\n'));
        maps.remove_prefix(std::min(line.size() + 1, maps.size()));
        if (auto mapping = parse_line(line)) {
            mappings.push_back(std::move(*mapping));
        }
    }
    return mappings;
}

}  // namespace sslsniff
