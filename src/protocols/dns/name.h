#pragma once

#include <string>

#include "base/bytes.h"

namespace sslsniff::dns {

/// Appends a label in presentation form.
void append_label(std::string& out, ByteView label);

/// `bytes` as a quoted <character-string>: "..." with \" \\ and \DDD.
std::string quoted(ByteView bytes);

/// Upper-case hexadecimal.
std::string hex(ByteView bytes);

/// RFC 4648 section 7 ("base32hex") in lower case, without padding: owner names of NSEC3.
std::string base32hex(ByteView bytes);

/// For people: the name with A-labels ("xn--...", RFC 5890) and escaped UTF-8 (mDNS, RFC 6762 section 16)
/// turned into Unicode. Empty when that changes nothing or a label is not well-formed. It may resemble
/// another name: show it beside the name, never instead.
std::string unicode_name(const std::string& name);

}  // namespace sslsniff::dns
