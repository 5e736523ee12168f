#include "output/text/call_tree.h"

#include <algorithm>
#include <utility>

namespace sslsniff {
namespace {

constexpr std::size_t kCost = 128;  ///< of one text, beside its bytes

/// Below a request: each line further to the right.
std::string indented(std::string_view text) {
    std::string out;
    std::string_view before = "  └ ";
    while (!text.empty()) {
        const std::size_t end = std::min(text.find('\n'), text.size() - 1) + 1;
        out += before;
        out += text.substr(0, end);
        text.remove_prefix(end);
        before = "    ";
    }
    return out;
}

}  // namespace

void CallTree::add(const Transaction& transaction, std::string text) {
    if (const auto& cause = transaction.caused_by; cause && !cause->is_over) {
        held_ += text.size() + kCost;
        calls_[cause->transaction].push_back(std::move(text));
        if (held_ > kMostHeld) {
            end();
        }
        return;
    }
    out_.write(text);
    if (const auto calls = calls_.find(transaction.id()); calls != calls_.end()) {
        release(calls, true);
    }
}

CallTree::Calls::iterator CallTree::release(Calls::iterator calls, bool indented) {
    for (const std::string& text : calls->second) {
        held_ -= text.size() + kCost;
        out_.write(indented ? sslsniff::indented(text) : text);
    }
    return calls_.erase(calls);
}

void CallTree::end(const ConnectionId& connection) {
    for (auto at = calls_.lower_bound({connection, 0});
         at != calls_.end() && at->first.connection == connection;) {
        at = release(at, false);
    }
}

void CallTree::end() {
    for (auto at = calls_.begin(); at != calls_.end();) {
        at = release(at, false);
    }
}

}  // namespace sslsniff
