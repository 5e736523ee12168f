#include "output/top/top_view.h"

#include <fmt/format.h>

#include <algorithm>
#include <array>
#include <span>
#include <string_view>

#include "base/text.h"

namespace sslsniff {
namespace {

constexpr std::size_t kAbove = 3;  ///< lines before the rows
constexpr std::size_t kBelow = 1;
constexpr double kMedian = 0.5;
constexpr double kMost = 0.9;
constexpr double kNearlyAll = 0.99;

/// A column of numbers. Narrow terminals have those without `is_wide` alone.
struct Number {
    TopSort sort;
    std::string_view heading;
    std::size_t width;
    bool is_wide;
    std::string (*text)(const TopRow& row);
};

std::string duration(const TopRow& row, double share) {
    const Histogram& latency = row.totals.latency;
    return latency.count() == 0 ? "-" : human_duration(latency.quantile(share).count());
}

constexpr std::array kNumbers{
    Number{TopSort::count, "COUNT", 6, false, [](const TopRow& row) { return human_size(row.totals.count); }},
    Number{TopSort::rate, "/S", 6, false,
           [](const TopRow& row) {
               constexpr double kWhole = 10;
               return row.rate < kWhole ? fmt::format("{:.1f}", row.rate)
                                        : human_size(static_cast<std::uint64_t>(row.rate));
           }},
    Number{TopSort::errors, "ERR", 5, false,
           [](const TopRow& row) { return human_size(row.totals.errors + row.totals.unanswered); }},
    Number{TopSort::p50, "P50", 7, false, [](const TopRow& row) { return duration(row, kMedian); }},
    Number{TopSort::p90, "P90", 7, true, [](const TopRow& row) { return duration(row, kMost); }},
    Number{TopSort::p99, "P99", 7, false, [](const TopRow& row) { return duration(row, kNearlyAll); }},
    Number{TopSort::sent, "SENT", 6, true,
           [](const TopRow& row) { return human_size(row.totals.request_bytes); }},
    Number{TopSort::received, "RECV", 6, true,
           [](const TopRow& row) { return human_size(row.totals.response_bytes); }},
};

constexpr std::size_t kWideTerminal = 100;
constexpr std::size_t kLeastValue = 8;

bool is_shown(const Number& number, ScreenSize size) {
    return !number.is_wide || size.columns >= kWideTerminal;
}

double key_of(const TopRow& row, TopSort sort) {
    const auto quantile = [&](double share) {
        return static_cast<double>(row.totals.latency.quantile(share).count());
    };
    switch (sort) {
        case TopSort::count:
            return static_cast<double>(row.totals.count);
        case TopSort::rate:
            return row.rate;
        case TopSort::errors:
            return static_cast<double>(row.totals.errors + row.totals.unanswered);
        case TopSort::p50:
            return quantile(kMedian);
        case TopSort::p90:
            return quantile(kMost);
        case TopSort::p99:
            return quantile(kNearlyAll);
        case TopSort::sent:
            return static_cast<double>(row.totals.request_bytes);
        case TopSort::received:
            return static_cast<double>(row.totals.response_bytes);
        case TopSort::name:
            break;
    }
    return 0;
}

std::string upper(std::string_view text) {
    std::string out(text);
    std::ranges::transform(out, out.begin(), [](char c) { return c >= 'a' && c <= 'z' ? c - 'a' + 'A' : c; });
    return out;
}

/// How wide each column of values is: what its values need, the widest less when there is no room.
std::vector<std::size_t> value_widths(std::span<const StatColumn> columns, const std::vector<TopRow>& rows,
                                      std::size_t room) {
    std::vector<std::size_t> widths;
    for (std::size_t i = 0; i < columns.size(); ++i) {
        std::size_t width = columns[i].name.size();
        for (const TopRow& row : rows) {
            width = std::max(width, i < row.values.size() ? width_of(printable(row.values[i])) : 0);
        }
        widths.push_back(width);
    }
    const auto total = [&] {
        std::size_t sum = 0;
        for (const std::size_t width : widths) {
            sum += width + 1;
        }
        return sum;
    };
    while (!widths.empty() && total() > room) {
        const auto widest = std::ranges::max_element(widths);
        if (*widest <= kLeastValue) {
            break;
        }
        *widest -= std::min(*widest - kLeastValue, total() - room);
    }
    return widths;
}

ScreenLine totals_line(const TopTotals& totals, const TopState& state) {
    ScreenLine line{{"sslsniff top", Style::bold, false},
                    {fmt::format("  {}  {:.1f}/s  {} transactions  {} connections", totals.time, totals.rate,
                                 human_size(totals.transactions), totals.connections),
                     Style::plain, false}};
    if (totals.lost > 0) {
        line.push_back({fmt::format("  {} events lost", human_size(totals.lost)), Style::error, false});
    }
    if (state.is_paused) {
        line.push_back({"  paused", Style::warning, false});
    }
    if (totals.has_ended) {
        line.push_back({"  the capture has ended", Style::warning, false});
    }
    return line;
}

ScreenLine place_line(const TopState& state, ScreenSize size) {
    std::string text = state.span == TopSpan::recent ? "last minute" : "since the beginning";
    if (!state.where.empty()) {
        text += "  where " + printable(state.where);
    }
    for (const std::string& value : state.path) {
        text += "  › " + printable(value);
    }
    return {{cut(text, size.columns), Style::dim, false}};
}

/// The last line, and where the cursor is in it.
void add_bottom(Screen& screen, const TopState& state, std::string_view keys, ScreenSize size) {
    screen.lines.resize(std::max<std::size_t>(size.rows, kAbove + kBelow) - kBelow);
    if (state.prompt) {
        const std::string_view name = state.prompt->kind == TopPrompt::Kind::where ? "where: " : "save as: ";
        const std::string text = std::string(name) + printable(state.prompt->text);
        screen.cursor = std::min(width_of(text), size.columns - 1);
        screen.lines.push_back({{text, Style::plain, false}});
    } else if (!state.message.empty()) {
        screen.lines.push_back({{cut(printable(state.message), size.columns), Style::warning, false}});
    } else {
        screen.lines.push_back({{cut(keys, size.columns), Style::dim, false}});
    }
}

ScreenLine heading(const TopState& state, std::span<const StatColumn> columns,
                   std::span<const std::size_t> widths, bool has_trend, ScreenSize size) {
    ScreenLine line;
    const auto add = [&](const std::string& text, bool is_sorted) {
        line.push_back({text, is_sorted ? Style::bold : Style::plain, true});
    };
    for (const Number& number : kNumbers) {
        if (is_shown(number, size)) {
            const bool is_sorted = number.sort == state.sort;
            const std::string mark = is_sorted ? (state.is_ascending ? "▲" : "▼") : "";
            add(fit_right(mark + std::string(number.heading), number.width) + " ", is_sorted);
        }
    }
    if (has_trend) {
        add(fit_left("LAST 30 S", TopTable::kTrend) + " ", false);
    }
    for (std::size_t i = 0; i < columns.size(); ++i) {
        add(fit_left(upper(columns[i].name), widths[i]) + " ", state.sort == TopSort::name);
    }
    std::size_t used = 0;
    for (const ScreenText& span : line) {
        used += width_of(span.text);
    }
    add(fit_left("", size.columns - std::min(used, size.columns)), false);
    return line;
}

Style style_of_row(const TopRow& row) {
    return row.totals.errors > 0       ? Style::error
           : row.totals.unanswered > 0 ? Style::incomplete
                                       : Style::plain;
}

ScreenLine line_of(const TopRow& row, std::span<const std::size_t> widths, bool has_trend, bool is_selected,
                   ScreenSize size) {
    ScreenLine line;
    for (const Number& number : kNumbers) {
        if (is_shown(number, size)) {
            const Style style = number.sort == TopSort::errors ? style_of_row(row) : Style::plain;
            line.push_back({fit_right(number.text(row), number.width) + " ", style, is_selected});
        }
    }
    if (has_trend) {
        line.push_back({sparkline(row.trend) + " ", Style::redirect, is_selected});
    }
    for (std::size_t i = 0; i < widths.size() && i < row.values.size(); ++i) {
        line.push_back({fit_left(printable(row.values[i]), widths[i]) + " ", Style::plain, is_selected});
    }
    return line;
}

}  // namespace

std::size_t rows_of(ScreenSize size) {
    return size.rows > kAbove + kBelow ? size.rows - kAbove - kBelow : 1;
}

std::string sparkline(std::span<const std::uint32_t> counts) {
    static constexpr std::array<std::string_view, 8> kBlocks{"▁", "▂", "▃", "▄", "▅", "▆", "▇", "█"};
    const std::uint32_t most = counts.empty() ? 0 : std::ranges::max(counts);
    std::string line;
    for (const std::uint32_t count : counts) {
        const std::uint64_t block = most == 0 ? 0 : (std::uint64_t{count} * kBlocks.size() - 1) / most;
        line += count == 0 ? std::string_view(" ")
                           : kBlocks.at(std::min<std::uint64_t>(block, kBlocks.size() - 1));
    }
    return line;
}

void sort_rows(std::vector<TopRow>& rows, const TopState& state) {
    std::ranges::sort(rows, [&](const TopRow& a, const TopRow& b) {
        const double of_a = key_of(a, state.sort);
        const double of_b = key_of(b, state.sort);
        if (of_a != of_b) {
            return state.is_ascending ? of_a < of_b : of_a > of_b;
        }
        return a.values < b.values;
    });
}

Screen groups_screen(const TopTotals& totals, const TopState& state, const std::vector<StatColumn>& columns,
                     const std::vector<TopRow>& rows, ScreenSize size) {
    std::size_t numbers = 0;
    for (const Number& number : kNumbers) {
        numbers += is_shown(number, size) ? number.width + 1 : 0;
    }
    constexpr std::size_t kRoomForValues = 50;
    const bool has_trend = size.columns >= numbers + TopTable::kTrend + kRoomForValues;
    numbers += has_trend ? TopTable::kTrend + 1 : 0;
    const std::span shown = std::span(columns).first(std::min(state.depth, columns.size()));
    const auto widths = value_widths(shown, rows, size.columns - std::min(size.columns, numbers));
    Screen screen;
    screen.lines = {totals_line(totals, state), place_line(state, size),
                    heading(state, shown, widths, has_trend, size)};
    const std::size_t last = std::min(rows.size(), state.first + rows_of(size));
    for (std::size_t i = state.first; i < last; ++i) {
        screen.lines.push_back(line_of(rows[i], widths, has_trend, i == state.selected, size));
    }
    add_bottom(
        screen, state,
        "Enter in  Esc out  < > sort  r reverse  w span  1-9 columns  / filter  p pause  z zero  s save  "
        "? help  q quit",
        size);
    return screen;
}

Screen transactions_screen(const TopTotals& totals, const TopState& state,
                           const std::vector<KeptPointer>& rows, ScreenSize size) {
    Screen screen;
    screen.lines = {totals_line(totals, state),
                    place_line(state, size),
                    {{fit_left(fmt::format("THE LATEST TRANSACTIONS{}", state.follows ? " (following)" : ""),
                               size.columns),
                      Style::plain, true}}};
    const std::size_t last = std::min(rows.size(), state.first + rows_of(size));
    for (std::size_t i = state.first; i < last; ++i) {
        const Style style = rows[i]->tone == Summary::Tone::normal ? Style::plain : style_of(rows[i]->tone);
        screen.lines.push_back({{fit_left(rows[i]->line, size.columns), style, i == state.selected}});
    }
    add_bottom(screen, state, "Enter look into it  Esc out  f follow  p pause  s save  ? help  q quit", size);
    return screen;
}

Screen details_screen(const TopTotals& totals, const TopState& state, const KeptTransaction& transaction,
                      ScreenSize size) {
    Screen screen;
    screen.lines = {totals_line(totals, state),
                    place_line(state, size),
                    {{fit_left(transaction.line, size.columns), Style::plain, true}}};
    const auto& lines = transaction.details;
    const std::size_t last = std::min(lines.size(), state.first + rows_of(size));
    for (std::size_t i = state.first; i < last; ++i) {
        screen.lines.push_back({{cut(lines[i], size.columns), Style::plain, false}});
    }
    add_bottom(screen, state,
               lines.empty() ? "nothing more is known of it  Esc out  q quit"
                             : "Up Down PgUp PgDn scroll  Esc out  s save  ? help  q quit",
               size);
    return screen;
}

Screen help_screen(ScreenSize size) {
    static constexpr std::array<std::string_view, 20> kLines{
        "sslsniff top: what processes say, as it happens (docs/top.md)",
        "",
        "Up Down PgUp PgDn Home End   another row",
        "Enter, right arrow           into a group, its transactions, one of these",
        "Esc, left arrow              back",
        "1 to 9                       so many columns of groups: 1 is whole processes, as a rule",
        "< >                          another column to sort by",
        "r                            the other way round",
        "w                            the last minute, or since the beginning",
        "/                            count only what matches an expression, as of --where "
        "(docs/filters.md);",
        "                             an empty one: everything. What was counted is forgotten",
        "z                            forget what was counted",
        "p, space                     stop the screen; counting goes on",
        "f                            stay at the latest transaction",
        "s                            save the transactions that are kept of what is selected: .jsonl, .har",
        "q                            end",
        "",
        "ERR are errors and requests without an answer. /S is of the last 10 seconds.",
        "Of each second some 200 transactions are kept to look into, and up to 100 errors.",
        "Any key goes back.",
    };
    Screen screen;
    for (const std::string_view line : kLines) {
        screen.lines.push_back({{cut(line, size.columns), Style::plain, false}});
    }
    screen.lines.resize(std::min(screen.lines.size(), size.rows));
    return screen;
}

}  // namespace sslsniff
