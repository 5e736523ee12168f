#pragma once

#include <functional>
#include <map>
#include <optional>
#include <span>
#include <string>
#include <string_view>
#include <vector>

#include "base/result.h"

namespace sslsniff {

/// What a running capture says of itself (status_json), as read back.
class StatsAnswer {
  public:
    using Row = std::map<std::string, std::string, std::less<>>;

    /// An error when it is none, or says of one itself.
    static Result<StatsAnswer> parse(std::string_view json);

    /// By its path: "connections.open". Empty: there is none.
    std::string_view text(std::string_view path) const;
    std::uint64_t number(std::string_view path) const;
    /// Of an array of objects, or of texts, which have the name "".
    std::span<const Row> rows(std::string_view array) const;

  private:
    Row values_;
    std::map<std::string, std::vector<Row>, std::less<>> rows_;
};

/// For people: a page of lines. `before` is an earlier answer of the same capture, or null; with it, rates
/// are those since then.
std::string stats_text(const StatsAnswer& now, const StatsAnswer* before);

}  // namespace sslsniff
