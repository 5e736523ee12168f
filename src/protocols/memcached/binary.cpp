#include "protocols/memcached/binary.h"

#include <algorithm>
#include <array>

#include "base/endian.h"

namespace sslsniff::memcached {
namespace {

constexpr auto kOpcodes = std::to_array<Opcode>({
    {0x00, "get"},
    {0x01, "set", false, 8},
    {0x02, "add", false, 8},
    {0x03, "replace", false, 8},
    {0x04, "delete"},
    {0x05, "incr", false, 20},
    {0x06, "decr", false, 20},
    {0x07, "quit"},
    {0x08, "flush_all", false, 0, 4},
    {0x09, "get", true},
    {0x0a, "noop"},
    {0x0b, "version"},
    {0x0c, "get"},
    {0x0d, "get", true},
    {0x0e, "append"},
    {0x0f, "prepend"},
    {kStat, "stats"},
    {0x11, "set", true, 8},
    {0x12, "add", true, 8},
    {0x13, "replace", true, 8},
    {0x14, "delete", true},
    {0x15, "incr", true, 20},
    {0x16, "decr", true, 20},
    {kQuitQuietly, "quit", true},
    {0x18, "flush_all", true, 0, 4},
    {0x19, "append", true},
    {0x1a, "prepend", true},
    {0x1b, "verbosity", false, 4},
    {0x1c, "touch", false, 4},
    {0x1d, "gat", false, 4},
    {0x1e, "gat", true, 4},
    {0x20, "sasl_list_mechs"},
    {kSaslAuth, "sasl_auth"},
    {kSaslStep, "sasl_step"},
    {0x23, "gat", false, 4},
    {0x24, "gat", true, 4},
});

struct Status {
    std::uint16_t number;
    std::string_view name;
};
constexpr auto kStatuses = std::to_array<Status>({
    {0x00, "No error"},
    {0x01, "Key not found"},
    {0x02, "Key exists"},
    {0x03, "Value too large"},
    {0x04, "Invalid arguments"},
    {0x05, "Item not stored"},
    {0x06, "Incr/Decr on non-numeric value"},
    {0x07, "The vbucket belongs to another server"},
    {0x08, "Authentication error"},
    {0x09, "Authentication continue"},
    {0x20, "Authentication error"},
    {0x21, "Authentication continue"},
    {0x81, "Unknown command"},
    {0x82, "Out of memory"},
    {0x83, "Not supported"},
    {0x84, "Internal error"},
    {0x85, "Busy"},
    {0x86, "Temporary failure"},
});

}  // namespace

BinaryHeader read_binary_header(ByteView bytes) {
    return {.opcode = static_cast<std::uint8_t>(bytes[1]),
            .key_size = load_be<std::uint16_t>(bytes, 2),
            .extras_size = static_cast<std::uint8_t>(bytes[4]),
            .status = load_be<std::uint16_t>(bytes, 6),
            .body_size = load_be<std::uint32_t>(bytes, 8),
            .opaque = load_be<std::uint32_t>(bytes, 12),
            .cas = load_be<std::uint64_t>(bytes, 16)};
}

const Opcode* find_opcode(std::uint8_t number) {
    const auto* const found = std::ranges::find(kOpcodes, number, &Opcode::number);
    return found != kOpcodes.end() ? found : nullptr;
}

std::string_view status_name(std::uint16_t status) {
    const auto* const found = std::ranges::find(kStatuses, status, &Status::number);
    return found != kStatuses.end() ? found->name : std::string_view{};
}

}  // namespace sslsniff::memcached
