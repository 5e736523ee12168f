#pragma once

#include <memory>
#include <optional>
#include <string>
#include <string_view>
#include <vector>

#include "base/bytes.h"
#include "base/result.h"
#include "model/body.h"

namespace re2 {
class RE2;
}

namespace sslsniff {

/// What is taken out besides well-known credentials (--redact, --no-bodies).
struct RedactionOptions {
    std::vector<std::string> rules;  ///< "header:NAME", "field:PATH", or a regular expression (RE2)
    bool bodies = true;              ///< contents of bodies are shown at all
};

/// Takes credentials out of what exchanges show, and leaves the shape: "Bearer <redacted 128 bytes>". Works
/// on hostile bytes, in linear time; what cannot be read as a form or JSON stays as it is.
class Redactor {
  public:
    /// Whether credentials with well-known names are taken out, besides what the options say.
    enum class WellKnown : std::uint8_t { hide, show };
    /// Errors: a rule that is none, with what is wrong.
    static Result<std::shared_ptr<const Redactor>> create(const RedactionOptions& options,
                                                          WellKnown well_known = WellKnown::hide);
    ~Redactor();
    Redactor(const Redactor&) = delete;
    Redactor& operator=(const Redactor&) = delete;

    // Each returns nothing when there is nothing to take out.

    /// Of a header field; also of URLs in Location and Referer.
    std::optional<std::string> header(std::string_view name, ByteView value) const;
    /// A URL, or a path with a query: userinfo, and parameters with well-known names.
    std::optional<std::string> url(ByteView url) const;
    /// Any text that a line shows: URLs among its words, and what the rules find.
    std::optional<std::string> line(ByteView text) const;
    /// A value by the path of its field, as in --where: "request.password".
    std::optional<std::string> field(std::string_view path, ByteView value) const;
    /// The first bytes of what no protocol claimed: what follows the words of logins at the beginning of a
    /// line, and what the rules find.
    std::optional<std::string> unknown(ByteView bytes) const;
    /// A body, decoded: JSON and forms by the names in them, and what the rules find.
    std::optional<Body> body(std::string_view path, const Body& body) const;

  private:
    Redactor(bool well_known, bool bodies);
    Result<void> add(const std::string& rule);
    std::optional<std::string> by_patterns(ByteView text) const;
    std::optional<std::string> by_names(const Body& body, ByteView plain) const;
    bool is_named(std::string_view path) const;

    std::vector<std::string> headers_;
    std::vector<std::string> paths_;
    std::vector<std::unique_ptr<re2::RE2>> patterns_;
    bool well_known_;
    bool bodies_;
};

/// "<redacted 128 bytes>"
std::string redacted(std::size_t bytes);

}  // namespace sslsniff
