#pragma once

#include <cstddef>
#include <cstdint>
#include <optional>
#include <string>
#include <vector>

#include "output/top/top_table.h"

namespace sslsniff {

/// By what the rows of groups are in order.
enum class TopSort : std::uint8_t { count, rate, errors, p50, p90, p99, sent, received, name };
inline constexpr std::size_t kTopSorts = 9;

/// What is looked at: groups, the transactions of one, one of these.
enum class TopLevel : std::uint8_t { groups, transactions, details };

/// A line that is being typed.
struct TopPrompt {
    enum class Kind : std::uint8_t { where, save };
    Kind kind = Kind::where;
    std::string text;
};

/// What the keys have changed so far, and what a screen is made of besides the model.
struct TopState {
    TopLevel level = TopLevel::groups;
    std::vector<std::string> path;  ///< values of the groups that were entered
    std::size_t depth = 0;          ///< columns of groups that are shown
    TopSort sort = TopSort::rate;
    bool is_ascending = false;
    TopSpan span = TopSpan::recent;
    bool is_paused = false;
    bool follows = true;  ///< the latest transaction is the selected one
    bool shows_help = false;
    std::size_t selected = 0;  ///< row
    std::size_t first = 0;     ///< the row at the top
    std::string where;         ///< the filter; empty: none
    std::string message;       ///< shown until the next key
    std::optional<TopPrompt> prompt;
};

}  // namespace sslsniff
