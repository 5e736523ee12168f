#include "base/memory.h"
#include "protocols/amqp/amqp.h"
#include "protocols/port_dissector.h"

namespace sslsniff {
namespace {

constexpr std::uint16_t kPort = 5672;

/// Wireshark (4.0) does not know the protocol header of 0-9-1, guesses the version from the first frame, and
/// is lost when that comes in parts, as from RabbitMQ. It knows the header of 0-9, whose frames are the same.
class VersionContext final : public StreamContext {
  public:
    explicit VersionContext(Direction client) : client_(client) {}

    Beginning begin() override { return {{{client_, Bytes("AMQP\x01\x01\0\x09", 8), true}}, false}; }
    Bytes before(Direction /*direction*/, ByteView /*bytes*/) override { return {}; }
    bool skip(Direction /*direction*/, std::uint64_t /*bytes*/) override { return true; }
    std::size_t held() const override { return allocated(sizeof(*this)); }

  private:
    Direction client_;
};

std::unique_ptr<StreamContext> make_amqp_context(Direction client, bool /*from_start*/) {
    return std::make_unique<VersionContext>(client);
}

}  // namespace

/// Inside TLS Wireshark finds AMQP on port 5671 alone: as plain TCP it is found in any case.
const DissectorTraits& amqp_dissector() {
    static const PortDissector dissector(
        {.port = kPort, .tls_port = kPort, .make_context = make_amqp_context});
    return dissector.traits();
}

}  // namespace sslsniff
