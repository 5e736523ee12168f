#pragma once

#include <cstddef>
#include <string>
#include <string_view>

#include "base/output_stream.h"
#include "model/connection.h"
#include "output/text/loss_text.h"
#include "output/text/style.h"
#include "output/text/text_options.h"

namespace sslsniff {

/// Bytes shown of names that processes and peers choose.
inline constexpr std::size_t kMaxName = 255;

/// "12:00:01.123456", of the local day; "-" when there is no time.
std::string time_text(Timestamp time, const TextOptions& options);
/// "12:00:01", for narrow terminals.
std::string short_time_text(Timestamp time, const TextOptions& options);
/// The time in its column.
void add_time(StyledText& line, Timestamp time, const TextOptions& options);

/// What a line may take on a terminal, 0 for any.
std::size_t columns_of(const TextOptions& options);

/// "curl[4242]".
void add_process(StyledText& line, const ProcessInfo& process);

/// '>' when the process is the client, '<' when it is the server, '-' when nobody knows.
char arrow_of(Role role);

/// "127.0.0.1:443"; "127.0.0.1" when the port is not known, as of a connect() that was refused; "?".
std::string endpoint_text(const Endpoint& endpoint);

/// ":51234", for narrow terminals: the address is one of this host's.
std::string short_endpoint_text(const Endpoint& endpoint);

/// "(for 192.0.2.1:56324) ", the client that a proxy speaks for; else "(via SOCKS5 to host:80) ", unless what
/// is `said` behind it names the host anyway.
void add_tunnel(StyledText& line, const Tunnel& tunnel, std::string_view said);

/// Writes a line for each cause, when it is time for that.
void add_losses(LossCollector& losses, Timestamp now, const TextOptions& options, OutputStream& out);

/// Whether a TLS handshake did not come to its end.
bool has_no_handshake(const TlsInfo& tls);
/// "handshake failed: alert sent: unknown_ca", "handshake not finished"; printable.
std::string handshake_outcome(const TlsInfo& tls);

}  // namespace sslsniff
