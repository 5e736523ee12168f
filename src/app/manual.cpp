#include "app/manual.h"

#include <fmt/format.h>

#include <string_view>
#include <vector>

#include "app/declared_options.h"

namespace sslsniff {
namespace {

constexpr std::string_view kBeginning = R"(sslsniff(1) "sslsniff {}" "User Commands"

# NAME

sslsniff - show what processes say over TLS and in cleartext

# SYNOPSIS

*sslsniff* [_OPTIONS_] *-p* _PID_ | *-c* _COMM_ | *-u* _USER_ | *-a* | *-r* _FILE_ [_FILTER_]++
*sslsniff* [_OPTIONS_] *--* _COMMAND_ [_ARG_...]++
*sslsniff stat*|*top* [_OPTIONS_] ...++
*sslsniff list*|*doctor* [*-p* _PID_]++
*sslsniff completion bash*|*zsh*|*fish*++
*sslsniff config*|*manual*

# DESCRIPTION

*sslsniff* shows what processes say over TLS, without keys, proxies or certificates: it reads the plaintext where a
program hands it to its TLS library, by uprobes and BPF. What is said in cleartext appears in the same timeline. The
programs are not stopped, written to or restarted, and when sslsniff ends, its probes are gone.

Each line is a transaction: a request with its response, a query with its result, a message. What is missing is shown as
missing and counted by cause.

_FILTER_ is an expression of *pcap-filter*(7) for addresses and ports, such as 'tcp port 443'. What follows *--* is a
command, which is captured from its first byte; the exit status is that of the command.
)";

constexpr std::string_view kEnd = R"(
# SIGNALS

*SIGINT*, *SIGTERM*, *SIGQUIT*
	End the capture in order: probes are removed, what was captured is written, totals are printed. A second one ends the
	process at once.

*SIGHUP*
	Sent by a process such as logrotate: every output whose file was renamed goes on in a new file of the old name. Without
	an output to a file it ends the capture, but not under a service manager. When the terminal hangs up it ends the capture.

*SIGUSR1*
	Totals so far, on standard error.

# EXIT STATUS

*0*
	The capture ended in order. With a command, the status is that of the command.

*1*
	Something failed, as a message on standard error says. *list* and *doctor*: nothing can be captured.

*2*
	The command line was not understood.

# ENVIRONMENT

*NO_COLOR*
	When it is set, text has no colours unless *--color always* is given.

*NOTIFY_SOCKET*, *WATCHDOG_USEC*, *WATCHDOG_PID*
	The socket of the service manager, which is told when every probe is in place, of reloads and of the end, and how often it
	wants a sign of life: *sd_notify*(3).

# FILES

*/etc/sslsniff.toml*
	Options for every capture, where the command line gives none: one _name = value_ on each line, in TOML. The names are the
	long ones of the options without dashes. Flags are *true* or *false*, other values numbers or texts in quotes, of repeatable
	options lists of them. A target on the command line replaces all targets of the file, an output all of its outputs.
	*--config /dev/null* reads none; *sslsniff config* prints one with every option as a comment.

# SECURITY

sslsniff needs root, or CAP_BPF and CAP_PERFMON, and for other users' processes CAP_SYS_PTRACE; *sslsniff doctor* says what
each capability that is missing costs. Credentials are left out of what is shown unless *--show-secrets* is given. Files for
Wireshark, traces and saved bodies hold the plaintext itself. Files can be read by their owner alone.

# EXAMPLES

```
{}
```

# SEE ALSO

*pcap-filter*(7), *wireshark*(1), *systemd.service*(5), *logrotate*(8)
)";

/// `text` without a meaning to scdoc: every character that may have one is escaped.
std::string escaped(std::string_view text) {
    constexpr std::string_view kSpecial = "\\*_`#[]|~<>+.'-";
    std::string out;
    for (const char c : text) {
        if (kSpecial.contains(c)) {
            out += '\\';
        }
        out += c;
    }
    return out;
}

/// "*one*, *two*"
std::string bold_list(const std::vector<std::string>& words) {
    std::string out;
    for (const auto& word : words) {
        out += fmt::format("{}*{}*", out.empty() ? "" : ", ", escaped(word));
    }
    return out;
}

std::string entry_of(const OptionRow& row) {
    std::string out = bold_list(row.names);
    if (!row.is_argument() && !row.value.empty()) {
        out += fmt::format(" _{}_", escaped(row.value));
    }
    out += fmt::format("\n\t{}.\n", escaped(row.help));
    if (row.kind == ValueKind::words && !row.is_argument()) {
        out += fmt::format("\tOne of {}.\n", bold_list(row.words));
    }
    return out + "\n";
}

std::string options_of(const CommandTable& table) {
    std::string out = "\n# OPTIONS\n";
    std::string group;
    for (const auto& row : table.rows) {
        if (row.group != group) {
            group = row.group;
            out += fmt::format("\n## {}\n", escaped(group));
            out += "\n";
        }
        out += entry_of(row);
    }
    return out;
}

std::string commands_of(std::span<const CommandTable> tables) {
    std::string out = "# COMMANDS\n";
    for (const auto& table : tables) {
        out += fmt::format("\n## sslsniff {}\n\n{}\n\n", table.name, escaped(table.description));
        for (const auto& row : table.rows) {
            out += entry_of(row);
        }
    }
    return out;
}

}  // namespace

std::string manual_source(std::span<const CommandTable> tables) {
    std::string out = fmt::format(kBeginning, SSLSNIFF_VERSION);
    out += options_of(tables.front());
    out += commands_of(tables.subspan(1));
    out += fmt::format(kEnd, kExamples);
    return out;
}

}  // namespace sslsniff
