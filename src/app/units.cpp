#include "app/units.h"

#include <fmt/format.h>

#include <array>
#include <charconv>
#include <limits>
#include <optional>
#include <system_error>

#include "base/text.h"

namespace sslsniff {
namespace {

template <class T>
struct Unit {
    std::string_view suffix;
    T factor;
};

constexpr std::array<Unit<std::uint64_t>, 4> kSizeUnits{
    {{"", 1}, {"k", 1ULL << 10U}, {"m", 1ULL << 20U}, {"g", 1ULL << 30U}}};

constexpr std::array<Unit<double>, 5> kDurationUnits{
    {{"", 1e9}, {"ms", 1e6}, {"s", 1e9}, {"m", 60e9}, {"h", 3600e9}}};

template <class Units>
auto factor_of(const Units& units, std::string_view suffix) -> decltype(std::optional(units[0].factor)) {
    for (const auto& unit : units) {
        if (equals_ignore_case(unit.suffix, suffix)) {
            return unit.factor;
        }
    }
    return std::nullopt;
}

}  // namespace

Result<pid_t> parse_pid(std::string_view text) {
    pid_t pid = 0;
    const auto [rest, error] = std::from_chars(text.data(), text.data() + text.size(), pid);
    if (error != std::errc() || rest != text.data() + text.size() || pid <= 0) {
        return fail(ErrorKind::usage, fmt::format("'{}' is not a process id", printable(text)));
    }
    return pid;
}

Result<std::uint64_t> parse_size(std::string_view text) {
    std::uint64_t number = 0;
    const auto [rest, error] = std::from_chars(text.data(), text.data() + text.size(), number);
    const auto suffix = text.substr(static_cast<std::size_t>(rest - text.data()));
    const auto factor = factor_of(kSizeUnits, suffix);
    if (error == std::errc::invalid_argument || !factor) {
        return fail(ErrorKind::usage,
                    fmt::format("'{}' is not a size: write bytes like 4096, 64k or 64M", printable(text)));
    }
    if (error != std::errc() || number > std::numeric_limits<std::uint64_t>::max() / *factor) {
        return fail(ErrorKind::usage, fmt::format("'{}' is too large a size", printable(text)));
    }
    return number * *factor;
}

Result<Duration> parse_duration(std::string_view text) {
    double number = 0;
    const auto [rest, error] =
        std::from_chars(text.data(), text.data() + text.size(), number, std::chars_format::fixed);
    const auto suffix = text.substr(static_cast<std::size_t>(rest - text.data()));
    const auto factor = factor_of(kDurationUnits, suffix);
    // The comparisons are written so that NaN fails them.
    if (error != std::errc() || !factor || !(number > 0)) {
        return fail(
            ErrorKind::usage,
            fmt::format("'{}' is not a duration: write one like 10, 10s, 500ms or 2m", printable(text)));
    }
    const double nanoseconds = number * *factor;
    if (!(nanoseconds < static_cast<double>(std::numeric_limits<std::int64_t>::max()))) {
        return fail(ErrorKind::usage, fmt::format("'{}' is too long a duration", printable(text)));
    }
    return Duration(static_cast<std::int64_t>(nanoseconds));
}

}  // namespace sslsniff
