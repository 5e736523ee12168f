#include "stream/request_ids.h"

#include <algorithm>
#include <array>
#include <utility>

namespace sslsniff {
namespace {

std::string key_of(char kind, const std::optional<TraceId>& id) {
    return id ? kind + std::string(id->begin(), id->end()) : std::string();
}

std::string key_of(char kind, const std::string& id) {
    return id.empty() ? id : kind + id;
}

/// The surest first. The first byte of a key keeps kinds apart; empty: there is none.
struct Kind {
    CauseConfidence confidence;
    std::string (*key)(const TraceIds& ids);
};
constexpr std::array<Kind, 4> kKinds{{
    {CauseConfidence::traceparent, [](const TraceIds& ids) { return key_of('t', ids.trace_parent); }},
    {CauseConfidence::header, [](const TraceIds& ids) { return key_of('b', ids.b3); }},
    {CauseConfidence::header, [](const TraceIds& ids) { return key_of('r', ids.request); }},
    {CauseConfidence::header, [](const TraceIds& ids) { return key_of('c', ids.correlation); }},
}};

}  // namespace

void RequestIds::begin(const TransactionId& request, const TraceIds& ids, Timestamp known) {
    if (ids.empty()) {
        return;
    }
    for (const Kind& kind : kKinds) {
        if (std::string key = kind.key(ids); !key.empty()) {
            add(std::move(key), request, ids, known);
        }
    }
}

void RequestIds::end(const TransactionId& request, const TraceIds& ids, Timestamp time) {
    if (ids.empty()) {
        return;
    }
    for (const Kind& kind : kKinds) {
        if (const std::string key = kind.key(ids); !key.empty()) {
            remove(key, request, time);
        }
    }
}

void RequestIds::add(std::string key, const TransactionId& request, const TraceIds& ids, Timestamp known) {
    make_room();
    if (known_.size() >= kMostIds && !known_.contains(key)) {
        has_missed_some_ = true;
        return;
    }
    Known& entry = known_[std::move(key)];
    const bool is_shared = entry.in_progress != 0;
    entry = {request, ids.trace_parent, known, std::nullopt, entry.in_progress + 1, is_shared};
}

void RequestIds::remove(const std::string& key, const TransactionId& request, Timestamp time) {
    const auto found = known_.find(key);
    if (found == known_.end() || found->second.in_progress == 0) {
        return;
    }
    Known& entry = found->second;
    --entry.in_progress;
    if (entry.request == request) {
        entry.ended = time;
    }
}

/// Drops ids that are nobody's any more, all at once: it takes time for each.
void RequestIds::make_room() {
    if (known_.size() < room_ || has_missed_some_) {
        return;
    }
    std::erase_if(known_, [](const auto& entry) { return entry.second.in_progress == 0; });
    // What is left must not be looked through for every request.
    has_missed_some_ = known_.size() > kMostIds / 2;
    room_ = std::clamp(2 * known_.size(), kLeastIds, kMostIds);
}

const RequestIds::Known* RequestIds::find(const std::string& key, Timestamp start) const {
    const auto found = known_.find(key);
    if (found == known_.end() || found->second.is_shared) {
        return nullptr;
    }
    const Known& entry = found->second;
    return entry.since < start && (!entry.ended || start <= *entry.ended) ? &entry : nullptr;
}

std::optional<Cause> RequestIds::find(const TraceIds& ids, Timestamp start) const {
    if (ids.empty() || known_.empty() || has_missed_some_) {
        return std::nullopt;
    }
    for (const Kind& kind : kKinds) {
        const std::string key = kind.key(ids);
        if (const Known* const known = key.empty() ? nullptr : find(key, start)) {
            return Cause{known->request, kind.confidence, known->ended.has_value(), known->trace};
        }
    }
    return std::nullopt;
}

}  // namespace sslsniff
