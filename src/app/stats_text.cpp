#include "app/stats_text.h"

#include <fmt/format.h>
#include <fmt/ranges.h>

#include <algorithm>
#include <chrono>
#include <iterator>
#include <utility>

#include "base/json_walk.h"
#include "base/number.h"
#include "base/text.h"
#include "model/time.h"

namespace sslsniff {
namespace {

constexpr std::string_view kElement = "[]";

std::uint64_t as_number(std::string_view text) {
    return parse_number<std::uint64_t>(text).value_or(0);
}

std::string_view value_of(const StatsAnswer::Row& row, std::string_view name) {
    const auto found = row.find(name);
    return found != row.end() ? std::string_view(found->second) : std::string_view();
}

std::uint64_t number_of(const StatsAnswer::Row& row, std::string_view name) {
    return as_number(value_of(row, name));
}

std::string bytes(std::uint64_t count) {
    return human_size(count) + "B";
}

double seconds_between(const StatsAnswer& from, std::string_view from_key, const StatsAnswer& to) {
    Timestamp begin;
    Timestamp end;
    if (!parse_rfc3339(from.text(from_key), begin) || !parse_rfc3339(to.text("now"), end)) {
        return 0;
    }
    return std::chrono::duration<double>(end - begin).count();
}

/// The page is made line by line: a heading of one word, and what belongs to it.
class Page {
  public:
    Page(const StatsAnswer& now, const StatsAnswer* before)
        : now_(now),
          before_(before),
          seconds_(before != nullptr ? seconds_between(*before, "now", now)
                                     : seconds_between(now, "started", now)) {}

    std::string write() {
        head();
        traffic();
        protocols();
        losses();
        kernel_side();
        outputs();
        cost();
        list("libraries");
        list("processes");
        return std::move(text_);
    }

  private:
    void line(std::string_view heading, std::string_view content) {
        fmt::format_to(std::back_inserter(text_), "{:<14} {}\n", heading, content);
    }

    std::uint64_t since(std::string_view path) const {
        const std::uint64_t earlier = before_ != nullptr ? before_->number(path) : 0;
        return now_.number(path) - std::min(earlier, now_.number(path));
    }
    std::string per_second(std::uint64_t count) const {
        return seconds_ > 0 ? fmt::format("{:.1f}/s", static_cast<double>(count) / seconds_)
                            : std::string("-");
    }

    void head() {
        const double age = seconds_between(now_, "started", now_);
        line("sslsniff",
             fmt::format("{} [{}] on Linux {}, {} {}", now_.text("version"), now_.text("pid"),
                         printable(now_.text("kernel")),
                         now_.text("state") == "stopped" ? "stopped, begun before" : "capturing for",
                         human_duration(static_cast<std::int64_t>(age * 1e9))));
        line("command line", printable(now_.text("command_line")));
        for (const std::string_view filter : {"filter", "where"}) {
            if (!now_.text(filter).empty()) {
                line(filter, printable(now_.text(filter)));
            }
        }
    }

    void traffic() {
        std::string transactions = std::string(now_.text("transactions"));
        if (!now_.text("filtered_from").empty()) {
            transactions += fmt::format(" of {}", now_.text("filtered_from"));
        }
        line("transactions", fmt::format("{} shown, {}", transactions, per_second(since("transactions"))));
        line("connections", fmt::format("{} open, {} in all, {} without a socket; they hold {} of {}",
                                        now_.text("connections.open"), now_.text("connections.total"),
                                        now_.text("connections.without_socket"),
                                        bytes(now_.number("connections.held_bytes")),
                                        bytes(now_.number("connections.max_held_bytes"))));
        line("bytes", fmt::format("{} sent, {} received, {} missing", bytes(now_.number("bytes.sent")),
                                  bytes(now_.number("bytes.received")), bytes(now_.number("bytes.missing"))));
        line("events", fmt::format("{} data, {} gaps, {}", now_.text("events.data"), now_.text("events.gap"),
                                   per_second(since("events.data"))));
    }

    void protocols() {
        const auto rows = now_.rows("protocols");
        if (rows.empty()) {
            return;
        }
        fmt::format_to(std::back_inserter(text_), "\n{:<14} {:>14} {:>12} {:>12} {:>20}\n", "PROTOCOL",
                       "TRANSACTIONS", "", "INCOMPLETE", "CONNECTIONS ENDED");
        for (const auto& row : rows) {
            fmt::format_to(std::back_inserter(text_), "{:<14} {:>14} {:>12} {:>12} {:>20}\n",
                           printable(value_of(row, "protocol")), value_of(row, "transactions"),
                           per_second(rise(row)), value_of(row, "incomplete"),
                           value_of(row, "closed_connections"));
        }
        text_ += '\n';
    }
    std::uint64_t rise(const StatsAnswer::Row& row) const {
        std::uint64_t earlier = 0;
        if (before_ != nullptr) {
            const auto rows = before_->rows("protocols");
            const auto former = std::ranges::find_if(rows, [&](const StatsAnswer::Row& one) {
                return value_of(one, "protocol") == value_of(row, "protocol");
            });
            earlier = former != rows.end() ? number_of(*former, "transactions") : 0;
        }
        return number_of(row, "transactions") - std::min(earlier, number_of(row, "transactions"));
    }

    void losses() {
        const auto rows = now_.rows("losses");
        if (rows.empty()) {
            line("lost", "nothing");
        }
        for (const auto& row : rows) {
            line("lost", fmt::format("{} events, {} ({})", value_of(row, "events"),
                                     bytes(number_of(row, "bytes")), value_of(row, "cause")));
        }
    }

    void kernel_side() {
        if (!now_.text("buffer.size_bytes").empty()) {
            line("buffer", fmt::format("{} of {} in use", bytes(now_.number("buffer.waiting_bytes")),
                                       bytes(now_.number("buffer.size_bytes"))));
        }
        std::vector<std::string> used;
        for (const auto& row : now_.rows("maps")) {
            if (number_of(row, "used") != 0) {
                used.push_back(fmt::format("{} {} of {}", printable(value_of(row, "name")),
                                           value_of(row, "used"), value_of(row, "size")));
            }
        }
        if (!used.empty()) {
            line("maps", fmt::format("{}", fmt::join(used, ", ")));
        }
    }

    void outputs() {
        for (const auto& row : now_.rows("outputs")) {
            std::string content = printable(value_of(row, "output"));
            if (value_of(row, "done") == "true") {
                content += ", ended";
            }
            for (const auto& [name, count] : row) {
                if (name == "written_bytes") {
                    content += fmt::format(", {} written", bytes(as_number(count)));
                } else if (name != "output" && name != "done") {
                    content += fmt::format(", {} {}", count, printable(name));
                }
            }
            line("output", content);
        }
    }

    void cost() {
        for (const std::string process : {"reader", "attacher"}) {
            if (now_.text(process + ".cpu_us").empty()) {
                continue;
            }
            const double spent = static_cast<double>(since(process + ".cpu_us")) / 1e6;
            line(process, fmt::format("{:.2f} s of CPU ({:.1f} %), {} of memory",
                                      static_cast<double>(now_.number(process + ".cpu_us")) / 1e6,
                                      seconds_ > 0 ? 100 * spent / seconds_ : 0,
                                      bytes(now_.number(process + ".resident_bytes"))));
        }
    }

    void list(std::string_view name) {
        constexpr std::size_t kMost = 20;
        const auto rows = now_.rows(name);
        std::vector<std::string> shown;
        for (std::size_t i = 0; i < std::min(rows.size(), kMost); ++i) {
            shown.push_back(printable(value_of(rows[i], "")));
        }
        if (rows.size() > kMost) {
            shown.push_back(fmt::format("and {} more", rows.size() - kMost));
        }
        if (!shown.empty()) {
            line(name, fmt::format("{}", fmt::join(shown, ", ")));
        }
    }

    const StatsAnswer& now_;
    const StatsAnswer* before_;
    double seconds_;  ///< that rates are of
    std::string text_;
};

}  // namespace

Result<StatsAnswer> StatsAnswer::parse(std::string_view json) {
    StatsAnswer answer;
    const bool whole = walk_json(json, [&answer](std::string_view path, const JsonValue& value) {
        const auto element = path.find(kElement);
        if (element == std::string_view::npos) {
            if (value.kind != JsonValue::Kind::object && value.kind != JsonValue::Kind::array) {
                answer.values_.insert_or_assign(std::string(path), std::string(value.text));
            }
            return;
        }
        auto& rows = answer.rows_[std::string(path.substr(0, element))];
        const std::string_view rest = path.substr(element + kElement.size());
        if (rest.empty()) {
            rows.emplace_back();
        }
        if (!rows.empty() && value.kind != JsonValue::Kind::object) {
            rows.back().insert_or_assign(std::string(rest.substr(rest.starts_with('.') ? 1 : 0)),
                                         std::string(value.text));
        }
    });
    if (!whole) {
        return fail(ErrorKind::input, "the capture's answer is not understood: is it of another version?");
    }
    if (const std::string_view error = answer.text("error"); !error.empty()) {
        return fail(std::string(error));
    }
    return answer;
}

std::string_view StatsAnswer::text(std::string_view path) const {
    return value_of(values_, path);
}

std::uint64_t StatsAnswer::number(std::string_view path) const {
    return number_of(values_, path);
}

std::span<const StatsAnswer::Row> StatsAnswer::rows(std::string_view array) const {
    const auto found = rows_.find(array);
    return found != rows_.end() ? std::span(found->second) : std::span<const Row>();
}

std::string stats_text(const StatsAnswer& now, const StatsAnswer* before) {
    return Page(now, before).write();
}

}  // namespace sslsniff
