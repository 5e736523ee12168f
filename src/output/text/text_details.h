#pragma once

#include <string>

#include "model/exchange.h"
#include "output/text/text_options.h"

namespace sslsniff {

/// What -v, -vv and -x show below a line. Each of its lines is marked, so that no body can pass for a line of
/// ours.
class TextDetails final : public DetailWriter {
  public:
    /// Appends to `out`. `is_notation`: Exchange::escapes_backslashes() of what is shown.
    TextDetails(const TextOptions& options, bool is_notation, std::string& out)
        : options_(options), is_notation_(is_notation), out_(out) {}

    void line(char marker, ByteView text) override;
    void body(char marker, const Body& body) override;

  private:
    void text_body(char marker, ByteView rest);
    void saved(char marker, const Body& body);
    void remark(char marker, std::string_view text);

    const TextOptions& options_;
    bool is_notation_;
    std::string& out_;
};

}  // namespace sslsniff
