#pragma once

#include <span>
#include <string>
#include <vector>

#include "output/stat/grouping.h"
#include "output/top/kept_transactions.h"
#include "output/top/screen.h"
#include "output/top/top_state.h"
#include "output/top/top_table.h"

namespace sslsniff {

/// What the first line says.
struct TopTotals {
    std::string time;  ///< of day
    double rate = 0;   ///< transactions a second
    std::uint64_t transactions = 0;
    std::uint64_t connections = 0;  ///< open
    std::uint64_t lost = 0;         ///< events
    bool has_ended = false;
};

/// Puts rows into the order that the state asks for.
void sort_rows(std::vector<TopRow>& rows, const TopState& state);

/// Makes screens. Each has as many lines as the terminal: two of totals, a heading, rows, and the keys, a
/// message or a prompt at the bottom. The state's selected row must be one of the `rows`, and is seen.
Screen groups_screen(const TopTotals& totals, const TopState& state, const std::vector<StatColumn>& columns,
                     const std::vector<TopRow>& rows, ScreenSize size);
Screen transactions_screen(const TopTotals& totals, const TopState& state,
                           const std::vector<KeptPointer>& rows, ScreenSize size);
Screen details_screen(const TopTotals& totals, const TopState& state, const KeptTransaction& transaction,
                      ScreenSize size);
Screen help_screen(ScreenSize size);

/// Rows that a screen of that size has room for.
std::size_t rows_of(ScreenSize size);

/// How often something happened, as a line of eighths of blocks: the highest is full.
std::string sparkline(std::span<const std::uint32_t> counts);

}  // namespace sslsniff
