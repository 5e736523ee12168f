#pragma once

#include "model/exchange.h"
#include "redaction/redactor.h"

namespace sslsniff {

/// Shows another exchange without its credentials. Borrows both.
class RedactedExchange final : public Exchange {
  public:
    RedactedExchange(const Exchange& exchange, const Redactor& redactor)
        : exchange_(exchange), redactor_(redactor) {}

    std::string_view protocol() const override { return exchange_.protocol(); }
    Summary summary() const override;
    Facts facts() const override;
    bool escapes_backslashes() const override { return exchange_.escapes_backslashes(); }
    void write_fields(FieldWriter& writer) const override;
    void write_details(DetailWriter& writer) const override;
    std::size_t held() const override { return exchange_.held(); }

  private:
    const Exchange& exchange_;
    const Redactor& redactor_;
};

}  // namespace sslsniff
