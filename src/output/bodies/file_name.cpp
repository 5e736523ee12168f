#include "output/bodies/file_name.h"

#include <fmt/format.h>

#include <algorithm>
#include <array>
#include <chrono>
#include <utility>

#include "base/text.h"
#include "body/charset.h"

namespace sslsniff {
namespace {

constexpr std::size_t kMaxWord = 64;

/// ASCII only, whatever the locale.
bool is_harmless(char c) {
    return (c >= 'a' && c <= 'z') || (c >= 'A' && c <= 'Z') || (c >= '0' && c <= '9') || c == '.' ||
           c == '_' || c == '-';
}

/// The last segment of the path, made harmless: names from peers never choose a folder or a hidden file.
std::string word_of(ByteView url) {
    if (const std::size_t scheme = url.find("://"); scheme != ByteView::npos) {
        url.remove_prefix(scheme + 3);
        url.remove_prefix(std::min(url.find('/'), url.size()));
    }
    url = url.substr(0, url.find_first_of("?#"));
    while (url.ends_with('/')) {
        url.remove_suffix(1);
    }
    if (const std::size_t slash = url.rfind('/'); slash != ByteView::npos) {
        url.remove_prefix(slash + 1);
    }
    // Its end, where the extension is.
    std::string word(url.size() > kMaxWord ? url.substr(url.size() - kMaxWord) : url);
    std::ranges::replace_if(word, [](char c) { return !is_harmless(c); }, '_');
    word.erase(0, std::min(word.find_first_not_of('.'), word.size()));
    return word.empty() ? "body" : word;
}

std::string_view extension_of(std::string_view content_type) {
    using Row = std::pair<std::string_view, std::string_view>;
    static constexpr std::array<Row, 20> kRows{{
        {"application/javascript", ".js"},
        {"application/json", ".json"},
        {"application/pdf", ".pdf"},
        {"application/x-www-form-urlencoded", ".form"},
        {"application/xml", ".xml"},
        {"application/zip", ".zip"},
        {"font/woff2", ".woff2"},
        {"image/gif", ".gif"},
        {"image/jpeg", ".jpg"},
        {"image/png", ".png"},
        {"image/svg+xml", ".svg"},
        {"image/webp", ".webp"},
        {"text/css", ".css"},
        {"text/csv", ".csv"},
        {"text/event-stream", ".events"},
        {"text/html", ".html"},
        {"text/javascript", ".js"},
        {"text/plain", ".txt"},
        {"text/xml", ".xml"},
        {"video/mp4", ".mp4"},
    }};
    const std::string type = media_type(content_type);
    const auto* row = std::ranges::find(kRows, type, &Row::first);
    return row == kRows.end() ? std::string_view() : row->second;
}

}  // namespace

std::string saved_body_name(const Transaction& transaction, const SavedBodyLabel& label) {
    using std::chrono::microseconds;
    const auto time = std::chrono::floor<microseconds>(transaction.timing.start);
    const auto day = std::chrono::floor<std::chrono::days>(time);
    const std::chrono::year_month_day date(day);
    const std::chrono::hh_mm_ss clock(time - day);
    const std::string word = word_of(label.url);
    std::string_view extension = extension_of(label.content_type);
    if (word.ends_with(extension) || (extension == ".jpg" && word.ends_with(".jpeg")) ||
        (extension == ".html" && word.ends_with(".htm"))) {
        extension = {};
    }
    std::string name = fmt::format(
        "{:04}{:02}{:02}T{:02}{:02}{:02}.{:06}-{}-{}-{}{}{}", static_cast<int>(date.year()),
        static_cast<unsigned>(date.month()), static_cast<unsigned>(date.day()), clock.hours().count(),
        clock.minutes().count(), clock.seconds().count(), clock.subseconds().count(),
        connection_name(transaction.connection.id), label.side, word, extension, label.undone);
    if (label.repetition > 1) {
        name += fmt::format("~{}", label.repetition);
    }
    return name;
}

}  // namespace sslsniff
