#pragma once

#include <cstdint>
#include <string>

#include "protocols/kafka/schemas.h"

namespace sslsniff::kafka {

/// One API, as a request names it.
struct Api {
    std::string_view name;
    std::int16_t flexible_from;    ///< the first version with compact encodings and tagged fields (KIP-482)
    std::int16_t newest;           ///< version in Kafka 4.1
    Schema (*schema)() = nullptr;  ///< null: only its name is known

    bool is_flexible(std::int16_t version) const { return version >= flexible_from; }
    /// Whether its messages of that version can be read.
    bool reads(std::int16_t version) const { return schema != nullptr && version >= 0 && version <= newest; }
};

/// Null for keys that nobody has assigned yet.
const Api* find_api(std::int16_t key);
/// "Produce", "API 200".
std::string api_name(std::int16_t key);

inline constexpr std::int16_t kProduce = 0;
inline constexpr std::int16_t kControlledShutdown = 7;
inline constexpr std::int16_t kApiVersions = 18;

}  // namespace sslsniff::kafka
