#pragma once

#include <cstdint>
#include <optional>
#include <string>
#include <utility>
#include <vector>

#include "base/bytes.h"
#include "model/body.h"

namespace sslsniff::kafka {

struct Record {
    std::int64_t offset = 0;
    std::optional<std::int64_t> timestamp_ms;  ///< since 1970
    std::optional<Body> key;                   ///< nothing: null
    std::optional<Body> value;
    std::vector<std::pair<Bytes, Bytes>> headers;
};

/// What a set of records holds: batches of format 2 (KIP-98), or messages of formats 0 and 1.
struct RecordSet {
    std::uint64_t size = 0;     ///< bytes
    std::uint64_t batches = 0;  ///< that were seen to begin; 0 for formats 0 and 1
    std::uint64_t count = 0;    ///< records in what was seen
    bool is_truncated = false;  ///< there are more than `count`: not all of it was kept or decoded
    std::string_view compression = "none";  ///< of the latest batch
    std::optional<std::int64_t> base_offset;
    std::optional<std::int64_t> producer_id;  ///< of an idempotent producer
    bool is_transactional = false;
    bool is_control = false;  ///< markers of transactions, not data
    std::vector<Record> first;
};

struct RecordLimits {
    std::size_t max_records = 10;  ///< in RecordSet::first
    std::size_t max_bytes = 0;  ///< of keys, values and headers there, and of what is decompressed for them
};

/// `bytes` are the first of `size`. Never takes more time than their decompression up to the limits.
RecordSet read_records(ByteView bytes, std::uint64_t size, const RecordLimits& limits);

}  // namespace sslsniff::kafka
