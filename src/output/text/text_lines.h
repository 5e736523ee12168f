#pragma once

#include <cstdint>
#include <string_view>
#include <utility>

#include "output/renderer.h"
#include "output/text/style.h"
#include "output/text/text_options.h"

namespace sslsniff {

/// The lines that a TextSink writes of transactions and connections. Whatever the bytes, only printable
/// characters come out.
class TextLines final : public Renderer {
  public:
    /// Bits of hints: what TextSink knows of the lines before.
    static constexpr std::uint32_t kSameReason = 1;  ///< the line before had the same reason
    static constexpr std::uint32_t kTls = 2;         ///< details say what is known of TLS: the first time
    static constexpr std::uint32_t kContainer = 4;   ///< the same of the container
    static constexpr std::uint32_t kNamed = 8;       ///< lines of calls have named it as what caused them

    explicit TextLines(TextOptions options) : options_(std::move(options)) {}

    void render(const Transaction& transaction, std::uint32_t hint, Bytes& out) override;
    /// Nothing when the connection needs no line.
    void render(const ConnectionRecord& record, std::uint32_t hint, Bytes& out) override;

    static bool shows_details(const TextOptions& options) { return options.verbosity > 0 || options.hex; }
    /// Whether there is something to say of TLS.
    static bool has_tls_text(const TlsInfo& tls);

  private:
    /// Time, process, both ends and TLS version. The name of the other end is left out if `said` has it.
    void beginning(StyledText& line, Timestamp start, const ConnectionInfo& connection, std::string_view said,
                   bool has_begun) const;

    TextOptions options_;
};

}  // namespace sslsniff
