#pragma once

#include <string>
#include <string_view>

#include "model/exchange.h"
#include "protocols/described/recorded_fields.h"

namespace sslsniff {

/// An exchange that its parser described when it made it: for protocols with many kinds of messages, of which
/// nothing is needed later but what is shown.
class DescribedExchange final : public Exchange {
  public:
    /// `protocol` must outlive it: a literal. `has_fields`: ParserLimits::fields.
    explicit DescribedExchange(std::string_view protocol, bool has_fields = true)
        : common(has_fields ? RecordedFields::kMostBytes : 0),
          request(has_fields ? RecordedFields::kMostBytes : 0),
          response(has_fields ? RecordedFields::kMostBytes : 0),
          protocol_(protocol) {}

    std::string_view protocol() const override { return protocol_; }
    Summary summary() const override;
    Facts facts() const override { return said; }
    void write_fields(FieldWriter& writer) const override;
    void write_details(DetailWriter& writer) const override;
    std::size_t held() const override;

    std::string request_line;   ///< Summary::request
    std::string response_line;  ///< Summary::response
    bool towards_client = false;
    Facts said;
    RecordedFields common;    ///< what belongs to neither side
    RecordedFields request;   ///< of "request"
    RecordedFields response;  ///< of "response"

  private:
    std::string_view protocol_;
};

}  // namespace sslsniff
