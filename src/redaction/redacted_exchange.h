#pragma once

#include <memory>
#include <utility>

#include "model/exchange.h"
#include "redaction/redactor.h"

namespace sslsniff {

/// Shows another exchange without its credentials. Borrows `redactor`: to count who uses it would be the only
/// thing that threads have to agree upon.
class RedactedExchange final : public Exchange {
  public:
    RedactedExchange(std::shared_ptr<const Exchange> exchange, const Redactor& redactor)
        : exchange_(std::move(exchange)), redactor_(redactor) {}

    std::string_view protocol() const override { return exchange_->protocol(); }
    Summary summary() const override;
    Facts facts() const override;
    bool escapes_backslashes() const override { return exchange_->escapes_backslashes(); }
    void write_fields(FieldWriter& writer) const override;
    void write_details(DetailWriter& writer) const override;
    std::size_t held() const override { return exchange_->held(); }

  private:
    std::shared_ptr<const Exchange> exchange_;
    const Redactor& redactor_;
};

}  // namespace sslsniff
