#pragma once

#include <memory>

#include "base/memory.h"
#include "protocols/protocol.h"

namespace sslsniff {

/// Of protocols that begin anew inside TLS: nothing said before it counts there.
class FreshSession final : public ParserSession {
  public:
    using Create = std::unique_ptr<ProtocolParser> (*)(ParserHost&, const ParserLimits&);

    explicit FreshSession(Create create) : create_(create) {}
    std::unique_ptr<ProtocolParser> resume(ParserHost& host, const ParserLimits& limits) const override {
        return create_(host, limits);
    }
    std::size_t held() const override { return allocated(sizeof(*this)); }

  private:
    Create create_;
};

}  // namespace sslsniff
