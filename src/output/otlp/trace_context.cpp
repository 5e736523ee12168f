#include "output/otlp/trace_context.h"

#include <algorithm>
#include <cstddef>
#include <initializer_list>

namespace sslsniff {
namespace {

template <class Id>
Id random_id(std::mt19937_64& random) {
    Id id{};
    while (std::ranges::all_of(id, [](std::uint8_t byte) { return byte == 0; })) {
        std::uint64_t word = 0;
        for (std::size_t i = 0; i < id.size(); ++i) {
            word = i % sizeof(word) == 0 ? random() : word >> 8U;
            id[i] = static_cast<std::uint8_t>(word);
        }
    }
    return id;
}

/// The finalizer of SplitMix64: each bit of the result depends on all bits.
std::uint64_t mix(std::uint64_t word) {
    word = (word ^ (word >> 30U)) * 0xBF58476D1CE4E5B9;
    word = (word ^ (word >> 27U)) * 0x94D049BB133111EB;
    return word ^ (word >> 31U);
}

/// Never 0.
std::uint64_t id_of(const TransactionId& transaction, std::uint64_t key) {
    const ConnectionId& connection = transaction.connection;
    for (const std::uint64_t word :
         {std::uint64_t{connection.pid}, connection.start_time, connection.generation, transaction.number}) {
        key = mix(key ^ word);
    }
    return key != 0 ? key : 1;
}

template <class Id>
Id to_bytes(std::initializer_list<std::uint64_t> words) {
    Id id{};
    auto out = id.begin();
    for (std::uint64_t word : words) {
        for (std::size_t i = 0; i < sizeof(word); ++i, word >>= 8U) {
            *out++ = static_cast<std::uint8_t>(word);
        }
    }
    return id;
}

}  // namespace

SpanIds::SpanIds(std::seed_seq& seed) : random_(seed), keys_{random_(), random_(), random_()} {}

TraceId SpanIds::trace_of(const TransactionId& transaction) const {
    return to_bytes<TraceId>({id_of(transaction, keys_[0]), id_of(transaction, keys_[1])});
}

SpanId SpanIds::span_of(const TransactionId& transaction) const {
    return to_bytes<SpanId>({id_of(transaction, keys_[2])});
}

TraceId SpanIds::trace() {
    return random_id<TraceId>(random_);
}

SpanId SpanIds::span() {
    return random_id<SpanId>(random_);
}

}  // namespace sslsniff
