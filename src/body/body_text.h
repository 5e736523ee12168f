#pragma once

#include <string>
#include <string_view>

#include "base/bytes.h"
#include "model/body.h"

namespace sslsniff {

/// A body for people to read.
struct BodyText {
    std::string text;  ///< UTF-8 as far as the charset is known; hostile. Empty for what is not text
    /// What went wrong with it: "damaged gzip", "br cut short"; mostly empty. Hostile.
    std::string remark;
};

/// Decodes content codings and charset. JSON is indented, forms and multipart bodies appear part by part,
/// protobuf messages field by field, images and other binaries not at all.
BodyText body_text(const Body& body);

/// JSON with one value a line, indented by two spaces. Nothing but white space between tokens changes, so
/// damaged and partial JSON comes out as it is.
std::string indent_json(ByteView json);

/// True when `bytes` look like text: valid UTF-8 (but for a character cut at the end) without control
/// characters other than white space and ESC.
bool looks_like_text(ByteView bytes);

}  // namespace sslsniff
