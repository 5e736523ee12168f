#pragma once

#include <cstdint>
#include <string>
#include <vector>

#include "protocols/described/flow.h"
#include "protocols/imap/line.h"

namespace sslsniff::imap {

/// In capitals.
std::string name_of(const Command& command);
/// What a command says, without its literals. Credentials are left out unless `show_secrets`.
void describe_command(const Command& command, bool show_secrets, Flow& flow);
/// What ends it, or stands alone.
void describe_response(const Response& response, Flow& flow);
/// The untagged responses that belong to a command: the first of them, and how many there are.
void describe_untagged(const std::vector<std::string>& lines, std::uint64_t count,
                       std::uint64_t literal_bytes, Flow& flow);

}  // namespace sslsniff::imap
