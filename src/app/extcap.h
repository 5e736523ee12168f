#pragma once

#include <span>
#include <string>

#include "app/messages.h"

namespace sslsniff {

/// Whether Wireshark, or tshark, has started sslsniff as one of its capture programs (extcap, Wireshark's
/// doc/extcap.4): by its words, whatever the program is called.
bool is_extcap(std::span<const std::string> words);

/// Does what it asks for: tells of the one interface there is and its options, checks a capture filter, or
/// captures into Wireshark's pipe until it is told to end. Needs no privileges but for capturing. Says
/// nothing but what went wrong: Wireshark shows that to its user. Returns the exit status.
int run_extcap(std::span<const std::string> words, Messages& messages);

}  // namespace sslsniff
