#pragma once

#include <array>
#include <cstddef>
#include <cstdint>
#include <deque>
#include <optional>
#include <unordered_map>

#include "base/bytes.h"
#include "model/connection.h"

namespace sslsniff {

/// Finds the sockets of connections whose TLS library reads and writes memory: the first bytes of a TLS
/// record's body, equal where the library hands the record over and in the buffer of a socket call of the
/// same process and direction, whichever is seen first. Only bytes that nobody can foresee are compared
/// (ciphertext, the random of a hello), and bytes seen at two sockets, or two connections, prove nothing.
///
/// A match may name a connection that has ended meanwhile. Bounded: of both sides, the newest kCapacity
/// records are known.
class CiphertextBinder {
  public:
    static constexpr std::size_t kCapacity = 16384;

    struct Match {
        std::uint64_t generation = 0;  ///< of the connection, as given
        Endpoints socket;
    };

    /// `bytes`: what BIO_write was given or BIO_read gave: a record from its header on, or its body.
    std::optional<Match> see_library_record(std::uint32_t pid, std::uint64_t generation, Direction direction,
                                            ByteView bytes);

    /// `bytes`: what a socket call moved; records may begin anywhere in it.
    std::optional<Match> see_socket(std::uint32_t pid, const Endpoints& socket, Direction direction,
                                    ByteView bytes);

    std::size_t size() const { return records_.size(); }

  private:
    static constexpr std::size_t kCompared = 16;
    struct Key {
        std::uint32_t pid = 0;
        Direction direction = Direction::sent;
        std::array<char, kCompared> bytes{};
        bool operator==(const Key&) const = default;
    };
    struct Hash {
        std::size_t operator()(const Key& key) const;
    };
    /// Where a record was seen; `ambiguous` when it was in two places.
    struct Sighting {
        std::uint64_t generation = 0;  // 0: not seen at a library
        std::optional<Endpoints> socket;
        bool ambiguous = false;
    };

    static Key key_of(std::uint32_t pid, Direction direction, ByteView body);
    Sighting& sighting(const Key& key);
    std::optional<Match> see_at_library(const Key& key, std::uint64_t generation);
    std::optional<Match> see_at_socket(const Key& key, const Endpoints& socket);

    std::unordered_map<Key, Sighting, Hash> records_;
    std::deque<Key> order_;  // of their first sighting
};

}  // namespace sslsniff
