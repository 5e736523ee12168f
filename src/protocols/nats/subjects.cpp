#include "protocols/nats/subjects.h"

#include <algorithm>
#include <array>
#include <charconv>

namespace sslsniff::nats {
namespace {

constexpr std::size_t kMostSubscriptions = 1024;
/// With wildcards: each is compared with each subject that messages are to be answered to.
constexpr std::size_t kMostPatterns = 64;
constexpr std::size_t kMostPattern = 256;
constexpr std::size_t kEntry = 256;  // bytes of memory besides the texts

ByteView take_word(ByteView& subject) {
    const std::size_t end = subject.find('.');
    const ByteView word = subject.substr(0, end);
    subject.remove_prefix(end == ByteView::npos ? subject.size() : end + 1);
    return word;
}

bool has_wildcard(ByteView pattern) {
    return pattern == ">" || pattern.ends_with(".>") || pattern == "*" || pattern.starts_with("*.") ||
           pattern.ends_with(".*") || pattern.find(".*.") != ByteView::npos;
}

std::uint64_t number(ByteView text) {
    std::uint64_t value = 0;
    std::from_chars(text.data(), text.data() + text.size(), value);
    return value;
}

}  // namespace

bool matches(ByteView pattern, ByteView subject) {
    while (!pattern.empty() && !subject.empty()) {
        const ByteView wanted = take_word(pattern);
        if (wanted == ">" && pattern.empty()) {
            return true;
        }
        if (const ByteView word = take_word(subject); wanted != "*" && wanted != word) {
            return false;
        }
    }
    return pattern.empty() && subject.empty();
}

std::optional<AckSubject> read_ack_subject(ByteView subject) {
    constexpr ByteView kPrefix = "$JS.ACK.";
    if (!subject.starts_with(kPrefix)) {
        return std::nullopt;
    }
    subject.remove_prefix(kPrefix.size());
    std::array<ByteView, 10> words{};
    std::size_t count = 0;
    while (!subject.empty() && count < words.size()) {
        words.at(count++) = take_word(subject);
    }
    // With domain and account in front, and maybe a random word behind.
    constexpr std::size_t kPlain = 7;
    constexpr std::size_t kLong = 9;
    if (count != kPlain && count < kLong) {
        return std::nullopt;
    }
    const std::size_t first = count == kPlain ? 0 : 2;
    return AckSubject{.stream = words.at(first),
                      .consumer = words.at(first + 1),
                      .delivered = number(words.at(first + 2)),
                      .stream_sequence = number(words.at(first + 3)),
                      .consumer_sequence = number(words.at(first + 4)),
                      .pending = number(words.at(first + 6))};
}

void Subscriptions::add(ByteView sid, ByteView pattern) {
    remove(sid);
    if (by_sid_.size() >= kMostSubscriptions || pattern.size() > kMostPattern) {
        return;
    }
    const bool wildcard = has_wildcard(pattern);
    if (wildcard && patterns_.size() < kMostPatterns) {
        patterns_.emplace_back(pattern);
    } else if (!wildcard) {
        exact_.emplace(pattern);
    }
    by_sid_.emplace(sid, pattern);
    held_ += kEntry + 2 * pattern.size() + sid.size();
}

void Subscriptions::remove(ByteView sid) {
    const auto found = by_sid_.find(sid);
    if (found == by_sid_.end()) {
        return;
    }
    held_ -= kEntry + 2 * found->second.size() + found->first.size();
    if (const auto exact = exact_.find(found->second); exact != exact_.end()) {
        exact_.erase(exact);
    } else if (const auto place = std::ranges::find(patterns_, found->second); place != patterns_.end()) {
        patterns_.erase(place);
    }
    by_sid_.erase(found);
}

ByteView Subscriptions::pattern(ByteView sid) const {
    const auto found = by_sid_.find(sid);
    return found != by_sid_.end() ? ByteView(found->second) : ByteView{};
}

bool Subscriptions::cover(ByteView subject) const {
    return exact_.contains(std::string(subject)) ||
           std::ranges::any_of(patterns_,
                               [&](const std::string& pattern) { return matches(pattern, subject); });
}

}  // namespace sslsniff::nats
