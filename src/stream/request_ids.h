#pragma once

#include <cstddef>
#include <map>
#include <optional>
#include <string>
#include <string_view>
#include <tuple>

#include "model/trace_ids.h"
#include "model/transaction.h"

namespace sslsniff {

/// The ids that requests in progress carry (TraceIds), and those that lately did: finds the one request that
/// a call with one of them can belong to. Ids are hostile: any number of requests may carry the same.
class RequestIds {
  public:
    static constexpr std::size_t kMostIds = 4096;
    static constexpr std::size_t kLeastIds = 256;

    void begin(const TransactionId& request, const TraceIds& ids, Timestamp known);
    void end(const TransactionId& request, const TraceIds& ids, Timestamp time);
    /// The request that was in progress at `start`, if no other one had the id: the surest id that tells.
    std::optional<Cause> find(const TraceIds& ids, Timestamp start) const;

    bool empty() const { return known_.empty(); }

  private:
    /// The request that had an id last.
    struct Known {
        TransactionId request;
        std::optional<TraceId> trace;
        Timestamp since;
        std::optional<Timestamp> ended;
        std::size_t in_progress = 0;  ///< requests with this id
        bool is_shared = false;       ///< there were several at once since it was last nobody's
    };

    /// One of the ids in TraceIds, of which it borrows the text.
    struct Id {
        Id(CauseConfidence confidence, char kind, std::string_view text);
        CauseConfidence confidence;
        char kind;  ///< keeps those of different fields apart
        std::string_view text;
        std::size_t hash;
    };
    struct Key {
        explicit Key(const Id& id) : hash(id.hash), kind(id.kind), text(id.text) {}
        std::size_t hash;
        char kind;
        std::string text;
    };
    /// By their hashes, which is faster; by the rest where peers chose ids with equal ones.
    struct Less {
        using is_transparent = void;
        bool operator()(const auto& a, const auto& b) const {
            return std::tuple(a.hash, a.kind, std::string_view(a.text)) <
                   std::tuple(b.hash, b.kind, std::string_view(b.text));
        }
    };
    /// Calls `use` for each, the surest first, until it returns true.
    static void for_each(const TraceIds& ids, auto use);

    void add(const Id& id, const TransactionId& request, const TraceIds& ids, Timestamp known);
    void remove(const Id& id, const TransactionId& request, Timestamp time);
    const Known* find(const Id& id, Timestamp start) const;
    void make_room();

    std::map<Key, Known, Less> known_;
    std::size_t room_ = kLeastIds;  ///< ids until those that are nobody's are dropped: few are found fast
    bool has_missed_some_ = false;  ///< there were more than are kept
};

}  // namespace sslsniff
