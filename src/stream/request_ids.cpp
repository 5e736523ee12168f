#include "stream/request_ids.h"

#include <array>
#include <utility>

namespace sslsniff {
namespace {

/// One of each kind, the surest first; empty where there is none. The first byte keeps kinds apart.
using Keys = std::array<std::pair<std::string, CauseConfidence>, 4>;

std::string key_of(char kind, const std::optional<TraceId>& id) {
    return id ? kind + std::string(id->begin(), id->end()) : std::string();
}

std::string key_of(char kind, const std::string& id) {
    return id.empty() ? id : kind + id;
}

Keys keys_of(const TraceIds& ids) {
    return {{{key_of('t', ids.trace_parent), CauseConfidence::traceparent},
             {key_of('b', ids.b3), CauseConfidence::header},
             {key_of('r', ids.request), CauseConfidence::header},
             {key_of('c', ids.correlation), CauseConfidence::header}}};
}

}  // namespace

void RequestIds::begin(const TransactionId& request, const TraceIds& ids, Timestamp known) {
    if (ids.empty()) {
        return;
    }
    for (auto& [key, confidence] : keys_of(ids)) {
        if (!key.empty()) {
            add(std::move(key), request, ids, known);
        }
    }
}

void RequestIds::end(const TransactionId& request, const TraceIds& ids, Timestamp time) {
    if (ids.empty()) {
        return;
    }
    for (const auto& [key, confidence] : keys_of(ids)) {
        if (!key.empty()) {
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
    if (known_.size() < kMostIds || has_missed_some_) {
        return;
    }
    std::erase_if(known_, [](const auto& entry) { return entry.second.in_progress == 0; });
    // What is left must not be looked through for every request.
    has_missed_some_ = known_.size() > kMostIds / 2;
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
    for (const auto& [key, confidence] : keys_of(ids)) {
        if (const Known* const known = key.empty() ? nullptr : find(key, start)) {
            return Cause{known->request, confidence, known->ended.has_value(), known->trace};
        }
    }
    return std::nullopt;
}

}  // namespace sslsniff
