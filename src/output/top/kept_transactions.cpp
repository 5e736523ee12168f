#include "output/top/kept_transactions.h"

#include <algorithm>
#include <chrono>
#include <iterator>
#include <utility>

#include "base/text.h"

namespace sslsniff {
namespace {

constexpr std::size_t kMost = 5000;
constexpr std::size_t kMostBytes = std::size_t{64} * 1024 * 1024;
/// Bodies are shown up to here; --max-body may be more.
constexpr std::size_t kMostDetails = std::size_t{64} * 1024;
/// Of each second: making text and JSON of all of them would cost more than counting them.
constexpr unsigned kMostInSecond = 200;
constexpr unsigned kMostErrorsInSecond = 100;

std::size_t size_of(const KeptTransaction& kept) {
    std::size_t size = sizeof(kept) + kept.line.size() + kept.json.size() + kept.har.size();
    for (const std::string& line : kept.details) {
        size += sizeof(std::string) + line.size();
    }
    return size;
}

std::vector<std::string> lines_of(std::string_view text) {
    std::vector<std::string> lines;
    while (!text.empty()) {
        const std::size_t end = std::min(text.find('\n'), text.size());
        lines.emplace_back(text.substr(0, end));
        text.remove_prefix(std::min(end + 1, text.size()));
    }
    return lines;
}

TextOptions with_bodies(TextOptions text) {
    text.verbosity = 2;
    return text;
}

bool is_error(Summary::Tone tone) {
    return tone != Summary::Tone::normal && tone != Summary::Tone::redirect;
}

}  // namespace

KeptTransactions::KeptTransactions(TextOptions text)
    : text_(caught_, with_bodies(std::move(text))), json_(caught_) {}

bool KeptTransactions::may_keep(Timestamp time, bool is_error) {
    const auto second = std::chrono::floor<std::chrono::seconds>(time).time_since_epoch().count();
    if (second != second_) {
        second_ = second;
        kept_in_second_ = errors_in_second_ = 0;
    }
    return is_error && errors_in_second_ < kMostErrorsInSecond ? ++errors_in_second_ != 0
                                                               : kept_in_second_++ < kMostInSecond;
}

void KeptTransactions::add(const Transaction& transaction, const Facts& facts,
                           const std::vector<std::string>& group) {
    const Timing& timing = transaction.timing;
    if (!may_keep(timing.end.value_or(timing.start), is_error(tone_of(facts.outcome)))) {
        return;
    }
    KeptTransaction kept;
    kept.group = group;
    kept.tone = transaction.exchange->summary().tone;
    text_.on_transaction(transaction);
    const Bytes text = caught_.take();
    const std::size_t end = std::min(text.find('\n'), text.size());
    kept.line = text.substr(0, end);
    kept.details = lines_of(prefix_of(ByteView(text).substr(std::min(end + 1, text.size())), kMostDetails));
    json_.on_transaction(transaction);
    kept.json = caught_.take();
    kept.har = har_.entry_of(transaction);
    bytes_ += size_of(kept);
    kept_.push_back(std::make_shared<const KeptTransaction>(std::move(kept)));
    while (kept_.size() > kMost || (bytes_ > kMostBytes && kept_.size() > 1)) {
        bytes_ -= size_of(*kept_.front());
        kept_.pop_front();
    }
}

void KeptTransactions::forget(const ConnectionRecord& record) {
    text_.on_connection(record);
    json_.on_connection(record);
    caught_.take();
}

std::vector<KeptPointer> KeptTransactions::with(std::span<const std::string> prefix) const {
    std::vector<KeptPointer> found;
    std::ranges::copy_if(kept_, std::back_inserter(found), [prefix](const KeptPointer& kept) {
        const std::span group(kept->group);
        return std::ranges::equal(prefix, group.first(std::min(prefix.size(), group.size())));
    });
    return found;
}

void KeptTransactions::clear() {
    kept_.clear();
    bytes_ = 0;
}

}  // namespace sslsniff
