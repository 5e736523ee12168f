#pragma once

#include <string>
#include <string_view>

#include "base/bytes.h"
#include "model/body.h"

namespace sslsniff {

/// A body for people to read.
struct BodyText {
    std::string text;  ///< UTF-8 as far as the charset is known; hostile. Empty for what is not text
    std::string
        remark;  ///< one line about what is not shown: "image/png, 1.2k", "damaged gzip"; may be empty
};

/// Decodes content codings and charset. JSON is indented, forms and multipart bodies appear part by part,
/// images and other binaries by type and size alone.
BodyText body_text(const Body& body);

/// JSON with one value a line, indented by two spaces. Nothing but white space between tokens changes, so
/// damaged and partial JSON comes out as it is.
std::string indent_json(ByteView json);

/// True when `octets` look like text: valid UTF-8 (but for a character cut at the end) without control
/// characters other than white space and ESC.
bool looks_like_text(ByteView octets);

}  // namespace sslsniff
