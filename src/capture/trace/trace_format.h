#pragma once

#include <array>
#include <cstdint>
#include <optional>
#include <string>
#include <string_view>

#include "base/bytes.h"
#include "model/event.h"
#include "model/names.h"

namespace sslsniff {

// What both sides of the trace format share. docs/trace_format.md specifies it.

inline constexpr std::string_view kTraceMagic = "sslsniff-trace";
inline constexpr unsigned kTraceMajor = 1;  ///< readers refuse any other
inline constexpr unsigned kTraceMinor = 1;  ///< readers skip what a newer one added

inline constexpr Names<ProcessEvent::Kind, 3> kProcessKinds{{{ProcessEvent::Kind::seen, "seen"},
                                                             {ProcessEvent::Kind::exec, "exec"},
                                                             {ProcessEvent::Kind::exited, "exited"}}};

/// Appends `bytes` in printable ASCII: \r \n \t \\ \xNN, and \" when `quoted`.
void append_escaped(Bytes& out, ByteView bytes, bool quoted);

/// Appends what `text` stands for. False, with a part appended, when it holds a malformed escape.
bool append_unescaped(Bytes& out, ByteView text);

/// "PID.GENERATION@START/0xHANDLE", without "@..." when both are 0.
void append_connection(Bytes& out, const ConnectionId& id);
std::optional<ConnectionId> parse_connection(std::string_view text);

/// "PID@START", without "@START" when it is 0.
void append_process(Bytes& out, const ProcessKey& key);
std::optional<ProcessKey> parse_process(std::string_view text);

/// Like to_string(Endpoint), but keeps IPv4-mapped IPv6 addresses as such. parse_endpoint reads both.
void append_endpoint(Bytes& out, const Endpoint& endpoint);

}  // namespace sslsniff
