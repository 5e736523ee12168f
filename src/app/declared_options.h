#pragma once

#include <vector>

#include "app/option_table.h"
#include "app/raw_options.h"

namespace CLI {  // NOLINT(readability-identifier-naming): of CLI11
class App;
}

namespace sslsniff {

inline constexpr const char* kDescription = "Shows what processes say over TLS, without keys or proxies.";

/// Command lines and what they are for: --help and the manual page show them.
inline constexpr const char* kExamples =
    R"(  sslsniff -p 4242                          what this process and its children say, one line per transaction
  sslsniff -v -- curl https://example.com   a command from its first byte, with headers
  sslsniff -a -n 10                         the next ten transactions of the whole host
  sslsniff -p 4242 -o json:audit.jsonl      one JSON object per line
  sslsniff -p 4242 -w out.pcapng            for Wireshark, which needs no settings
  sslsniff -a -w - | wireshark -k -i -      watch it there live
  sslsniff -a 'tcp port 443 and not host 10.0.0.1' --where 'status >= 500 or latency > 1s'
  sslsniff -c nginx -o text -o trace:t      watch and record
  sslsniff -r t -vv                         read a recording back, with bodies; needs no root
  sslsniff top -p 4242                      who says what, how often and how fast, as it happens
  sslsniff list                             the TLS libraries of this host and who uses them
  sslsniff doctor -p 4242                   why do I see nothing?)";

/// Declares every option of sslsniff itself, group by group, as --help shows them. What is parsed goes to
/// `raw`, which outlives `app`.
void declare_options(CLI::App& app, RawOptions& raw);

/// What `app` declares, in the order in which it does, help last.
std::vector<OptionRow> rows_of(const CLI::App& app);

}  // namespace sslsniff
