#include "model/time.h"

#include <cstdint>
#include <string_view>

#include "base/number.h"

namespace sslsniff {

namespace {

/// Writes `value` in `width` digits, then `next`; returns the place behind.
char* put_digits(char* out, std::int64_t value, std::size_t width, char next) {
    for (char* digit = out + width; digit != out; value /= 10) {
        *--digit = static_cast<char>('0' + value % 10);
    }
    out[width] = next;
    return out + width + 1;
}

}  // namespace

TimeText::TimeText(Timestamp time) {
    // floor<days>() would overflow on the first day of all.
    auto day = std::chrono::duration_cast<std::chrono::days>(time.time_since_epoch());
    Duration within_day = time.time_since_epoch() % std::chrono::days(1);
    if (within_day < Duration(0)) {
        --day;
        within_day += std::chrono::days(1);
    }
    const std::chrono::year_month_day date{std::chrono::sys_days(day)};
    const std::chrono::hh_mm_ss clock(within_day);
    char* out = text_.data();
    out = put_digits(out, static_cast<int>(date.year()), 4, '-');
    out = put_digits(out, static_cast<unsigned>(date.month()), 2, '-');
    out = put_digits(out, static_cast<unsigned>(date.day()), 2, 'T');
    out = put_digits(out, clock.hours().count(), 2, ':');
    out = put_digits(out, clock.minutes().count(), 2, ':');
    out = put_digits(out, clock.seconds().count(), 2, '.');
    put_digits(out, clock.subseconds().count(), 9, 'Z');
}

std::string rfc3339(Timestamp time) {
    return std::string(TimeText(time).view());
}

namespace {

/// Takes exactly `digits` decimal digits off the front of `text`.
bool take_number(std::string_view& text, std::size_t digits, int& value) {
    const auto number = parse_number<unsigned>(text.substr(0, digits));
    if (text.size() < digits || !number) {
        return false;
    }
    value = static_cast<int>(*number);
    text.remove_prefix(digits);
    return true;
}

bool take(std::string_view& text, char expected) {
    if (text.empty() || text[0] != expected) {
        return false;
    }
    text.remove_prefix(1);
    return true;
}

}  // namespace

bool parse_rfc3339(std::string_view text, Timestamp& time) {
    int year = 0;
    int month = 0;
    int day = 0;
    int hour = 0;
    int minute = 0;
    int second = 0;
    const bool fields = take_number(text, 4, year) && take(text, '-') && take_number(text, 2, month) &&
                        take(text, '-') && take_number(text, 2, day) && take(text, 'T') &&
                        take_number(text, 2, hour) && take(text, ':') && take_number(text, 2, minute) &&
                        take(text, ':') && take_number(text, 2, second);
    if (!fields || hour > 23 || minute > 59 || second > 60) {
        return false;
    }
    std::int64_t fraction = 0;
    if (take(text, '.')) {
        const std::size_t digits = text.find('Z');
        if (digits == std::string_view::npos || digits == 0 || digits > 9) {
            return false;
        }
        for (std::size_t i = 0; i < 9; ++i) {
            const char c = i < digits ? text[i] : '0';
            if (c < '0' || c > '9') {
                return false;
            }
            fraction = fraction * 10 + (c - '0');
        }
        text.remove_prefix(digits);
    }
    const std::chrono::year_month_day date{std::chrono::year(year),
                                           std::chrono::month(static_cast<unsigned>(month)),
                                           std::chrono::day(static_cast<unsigned>(day))};
    if (text != "Z" || !date.ok() || year < 1678 || year > 2261) {
        return false;
    }
    time = std::chrono::sys_days(date) + std::chrono::hours(hour) + std::chrono::minutes(minute) +
           std::chrono::seconds(second) + std::chrono::nanoseconds(fraction);
    return true;
}

}  // namespace sslsniff
