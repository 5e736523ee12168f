#include "stream/request_ids.h"

#include <algorithm>
#include <functional>

namespace sslsniff {
namespace {

std::string_view text_of(const std::optional<TraceId>& id) {
    return id ? std::string_view(reinterpret_cast<const char*>(id->data()),
                                 id->size())  // NOLINT(*-reinterpret-cast)
              : std::string_view();
}

}  // namespace

RequestIds::Id::Id(CauseConfidence sure, char of, std::string_view id)
    : confidence(sure), kind(of), text(id), hash(std::hash<std::string_view>()(id)) {}

void RequestIds::for_each(const TraceIds& ids, auto use) {
    const auto is_done = [&](CauseConfidence confidence, char kind, std::string_view text) {
        return !text.empty() && use(Id(confidence, kind, text));
    };
    static_cast<void>(is_done(CauseConfidence::traceparent, 't', text_of(ids.trace_parent)) ||
                      is_done(CauseConfidence::header, 'b', text_of(ids.b3)) ||
                      is_done(CauseConfidence::header, 'r', ids.request) ||
                      is_done(CauseConfidence::header, 'c', ids.correlation));
}

void RequestIds::begin(const TransactionId& request, const TraceIds& ids, Timestamp known) {
    for_each(ids, [&](const Id& id) {
        add(id, request, ids, known);
        return false;
    });
}

void RequestIds::end(const TransactionId& request, const TraceIds& ids, Timestamp time) {
    for_each(ids, [&](const Id& id) {
        remove(id, request, time);
        return false;
    });
}

void RequestIds::add(const Id& id, const TransactionId& request, const TraceIds& ids, Timestamp known) {
    make_room();
    auto place = known_.lower_bound(id);
    const bool is_new = place == known_.end() || Less()(id, place->first);
    if (is_new && known_.size() >= kMostIds) {
        has_missed_some_ = true;
        return;
    }
    if (is_new) {
        place = known_.try_emplace(place, Key(id));
    }
    Known& entry = place->second;
    const bool is_shared = entry.in_progress != 0;
    entry = {request, ids.trace_parent, known, std::nullopt, entry.in_progress + 1, is_shared};
}

void RequestIds::remove(const Id& id, const TransactionId& request, Timestamp time) {
    const auto found = known_.find(id);
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

const RequestIds::Known* RequestIds::find(const Id& id, Timestamp start) const {
    const auto found = known_.find(id);
    if (found == known_.end() || found->second.is_shared) {
        return nullptr;
    }
    const Known& entry = found->second;
    return entry.since < start && (!entry.ended || start <= *entry.ended) ? &entry : nullptr;
}

std::optional<Cause> RequestIds::find(const TraceIds& ids, Timestamp start) const {
    std::optional<Cause> cause;
    if (known_.empty() || has_missed_some_) {
        return cause;
    }
    for_each(ids, [&](const Id& id) {
        if (const Known* const known = find(id, start)) {
            cause = Cause{known->request, id.confidence, known->ended.has_value(), known->trace};
        }
        return cause.has_value();
    });
    return cause;
}

}  // namespace sslsniff
