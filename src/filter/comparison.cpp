#include "filter/comparison.h"

#include <fmt/format.h>
#include <re2/re2.h>

#include <algorithm>
#include <array>
#include <charconv>
#include <optional>
#include <span>

#include "base/text.h"

namespace sslsniff {
namespace {

struct Unit {
    std::string_view name;
    long double factor;
};
constexpr std::array<Unit, 9> kSizeUnits{{{"", 1},
                                          {"k", 1e3L},
                                          {"M", 1e6L},
                                          {"G", 1e9L},
                                          {"Ki", 1024},
                                          {"Mi", 1024.0L * 1024},
                                          {"Gi", 1024.0L * 1024 * 1024},
                                          {"K", 1e3L},
                                          {"B", 1}}};
constexpr std::array<Unit, 6> kTimeUnits{
    {{"ns", 1}, {"us", 1e3L}, {"ms", 1e6L}, {"s", 1e9L}, {"m", 60e9L}, {"h", 3600e9L}}};
constexpr std::array<Unit, 4> kNumberUnits{{{"", 1}, {"k", 1e3L}, {"M", 1e6L}, {"G", 1e9L}}};

std::span<const Unit> units_of(FieldType type) {
    return type == FieldType::duration ? std::span<const Unit>(kTimeUnits)
           : type == FieldType::size   ? std::span<const Unit>(kSizeUnits)
                                       : std::span<const Unit>(kNumberUnits);
}

std::optional<long double> parse_quantity(std::string_view text, FieldType type) {
    double value = 0;
    const auto [end, error] =
        std::from_chars(text.data(), text.data() + text.size(), value, std::chars_format::fixed);
    if (error != std::errc{}) {
        return std::nullopt;
    }
    const std::string_view name(end, static_cast<std::size_t>(text.data() + text.size() - end));
    const auto units = units_of(type);
    const auto unit = std::ranges::find(units, name, &Unit::name);
    return unit != units.end() ? std::optional(static_cast<long double>(value) * unit->factor) : std::nullopt;
}

Result<Comparison::Literal> parse_range(std::string_view text, FieldType type) {
    const auto dots = text.find("..");
    const auto low = parse_quantity(text.substr(0, dots), type);
    const auto high = dots == std::string_view::npos ? low : parse_quantity(text.substr(dots + 2), type);
    if (!low || !high) {
        return fail(ErrorKind::usage, type == FieldType::duration
                                          ? "needs a duration with its unit, like 200ms or 1.5s"
                                      : type == FieldType::size ? "needs a size, like 512, 10k or 1M"
                                                                : "needs a number");
    }
    return Comparison::Range{*low, *high};
}

Result<Comparison::Literal> parse_network(std::string_view text) {
    const auto slash = text.find('/');
    const auto address = parse_ip(text.substr(0, slash));
    const unsigned most = address && address->family == IpAddress::Family::v4 ? 32 : 128;
    unsigned bits = most;
    if (slash != std::string_view::npos) {
        const std::string_view digits = text.substr(slash + 1);
        const auto [end, error] = std::from_chars(digits.data(), digits.data() + digits.size(), bits);
        if (error != std::errc{} || end != digits.data() + digits.size() || bits > most) {
            return fail(ErrorKind::usage, "needs an address, like 10.0.0.1 or 2001:db8::/32");
        }
    }
    if (!address) {
        return fail(ErrorKind::usage, "needs an address, like 10.0.0.1 or 2001:db8::/32");
    }
    return Comparison::Network{*address, bits};
}

bool is_in(const Comparison::Network& network, ByteView text) {
    const auto address = parse_ip(text);
    if (!address || address->family != network.address.family) {
        return false;
    }
    for (unsigned bit = 0; bit < network.bits; ++bit) {
        const auto mask = static_cast<std::uint8_t>(0x80U >> (bit % 8));
        if (((address->bytes[bit / 8] ^ network.address.bytes[bit / 8]) & mask) != 0) {
            return false;
        }
    }
    return true;
}

std::optional<long double> as_number(const FieldValue& value) {
    if (const auto* integer = std::get_if<std::int64_t>(&value)) {
        return *integer;
    }
    if (const auto* real = std::get_if<double>(&value)) {
        return *real;
    }
    return std::nullopt;
}

/// Text of any value: a field of type text may hold numbers in some protocols.
Bytes as_text(const FieldValue& value) {
    if (const auto* text = std::get_if<Bytes>(&value)) {
        return *text;
    }
    if (const auto* truth = std::get_if<bool>(&value)) {
        return *truth ? "true" : "false";
    }
    const auto* integer = std::get_if<std::int64_t>(&value);
    return integer != nullptr ? std::to_string(*integer) : fmt::format("{}", std::get<double>(value));
}

bool compares(const Comparison::Range& range, Operator op, const FieldValue& value) {
    const auto number = as_number(value);
    if (!number) {
        return false;
    }
    switch (op) {
        case Operator::less:
            return *number < range.low;
        case Operator::greater:
            return *number > range.high;
        case Operator::less_equal:
            return *number <= range.high;
        case Operator::greater_equal:
            return *number >= range.low;
        default:
            return *number >= range.low && *number <= range.high;
    }
}

bool fits(const Comparison::Literal& literal, Operator op, const FieldValue& value) {
    if (const auto* range = std::get_if<Comparison::Range>(&literal)) {
        return compares(*range, op, value);
    }
    if (const auto* truth = std::get_if<bool>(&literal)) {
        const auto* held = std::get_if<bool>(&value);
        return held != nullptr && *held == *truth;
    }
    if (const auto* network = std::get_if<Comparison::Network>(&literal)) {
        return is_in(*network, as_text(value));
    }
    const Bytes& wanted = std::get<Bytes>(literal);
    const Bytes text = as_text(value);
    return op == Operator::contains ? text.find(wanted) != Bytes::npos : text == wanted;
}

bool is_true(const FieldValue& value) {
    const auto* truth = std::get_if<bool>(&value);
    return truth == nullptr || *truth;
}

}  // namespace

bool Comparison::holds(const std::vector<FieldValue>& values) const {
    return std::ranges::any_of(values, [&](const FieldValue& value) {
        if (op == Operator::present) {
            return is_true(value);
        }
        if (op == Operator::matches) {
            return re2::RE2::PartialMatch(as_text(value), *regex);
        }
        return std::ranges::any_of(literals,
                                   [&](const Literal& literal) { return fits(literal, op, value); });
    });
}

Result<Comparison::Literal> parse_literal(std::string_view text, FieldType type) {
    switch (type) {
        case FieldType::text:
            return Bytes(text);
        case FieldType::address:
            return parse_network(text);
        case FieldType::boolean:
            if (text == "true" || text == "false") {
                return text == "true";
            }
            return fail(ErrorKind::usage, "needs true or false");
        case FieldType::number:
        case FieldType::size:
        case FieldType::duration:
            break;
    }
    return parse_range(text, type);
}

}  // namespace sslsniff
