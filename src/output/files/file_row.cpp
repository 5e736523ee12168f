#include "output/files/file_row.h"

#include <fmt/format.h>
#include <fnmatch.h>

#include <algorithm>
#include <array>
#include <ctime>
#include <string_view>

namespace sslsniff {
namespace {

std::string format_time(const std::string& pattern, Timestamp time) {
    const std::time_t seconds =
        std::chrono::system_clock::to_time_t(std::chrono::time_point_cast<std::chrono::seconds>(time));
    std::tm local{};
    localtime_r(&seconds, &local);
    std::array<char, 4096> text{};
    // Zero also means an empty result: a pattern that long or strange is used as it is.
    const std::size_t length = std::strftime(text.data(), text.size(), pattern.c_str(), &local);
    return length != 0 ? std::string(text.data(), length) : pattern;
}

/// A pattern of fnmatch(3) for what strftime(3) may make of `pattern`.
std::string glob_of(const std::string& pattern) {
    std::string glob;
    for (std::size_t i = 0; i < pattern.size(); ++i) {
        if (pattern[i] == '%' && i + 1 < pattern.size()) {
            const auto conversion = pattern.find_first_not_of("EO_-0^#123456789", i + 1);
            i = std::min(conversion, pattern.size() - 1);
            glob += pattern[i] == 'D' ? "*/*/*" : "*";
        } else {
            if (std::string_view("*?[\\").find(pattern[i]) != std::string_view::npos) {
                glob += '\\';
            }
            glob += pattern[i];
        }
    }
    return glob;
}

/// Whether a part of the path is "..".
bool goes_up(const std::string& path) {
    return ("/" + path + "/").find("/../") != std::string::npos;
}

}  // namespace

bool FileRow::could_be_named(const std::string& name, const std::string& candidate) {
    if (goes_up(candidate) && !goes_up(name)) {
        return false;
    }
    const std::string glob = glob_of(name);
    const auto matches = [&](const std::string& text) {
        return text == name || ::fnmatch(glob.c_str(), text.c_str(), FNM_PATHNAME) == 0;
    };
    const auto number = candidate.find_last_not_of("0123456789");
    return matches(candidate) || (number != std::string::npos && matches(candidate.substr(0, number + 1))) ||
           (number != std::string::npos && candidate.starts_with(name) && number < name.size());
}

bool FileRow::is_due(Timestamp now, std::uint64_t size) {
    if (!interval_start_) {
        interval_start_ = now;
    }
    return !finished_ && (interval_is_over(now) || (options_.max_size != 0 && size >= options_.max_size));
}

bool FileRow::advance(Timestamp now) {
    if (interval_is_over(now)) {
        if (options_.max_size == 0 && options_.max_files != 0 && intervals_ == options_.max_files) {
            finished_ = true;
            return false;
        }
        ++intervals_;
        interval_start_ = now;
        number_ = 0;
    } else {
        ++number_;
        if (options_.max_files != 0 && number_ == options_.max_files) {
            number_ = 0;
        }
    }
    return true;
}

std::string FileRow::file_name(Timestamp now) const {
    std::string name = options_.interval != Duration::zero() ? format_time(name_, now) : name_;
    if (options_.max_size == 0 || (number_ == 0 && options_.max_files == 0)) {
        return name;
    }
    const std::size_t width = options_.max_files == 0 ? 1 : std::to_string(options_.max_files - 1).size();
    return fmt::format("{}{:0{}}", name, number_, width);
}

}  // namespace sslsniff
