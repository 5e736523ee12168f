#include "app/raw_options.h"

#include <fmt/format.h>

#include <CLI/CLI.hpp>
#include <algorithm>
#include <array>
#include <iterator>
#include <memory>
#include <string_view>
#include <utility>

#include "base/text.h"
#include "engine/live_session.h"
#include "output/output_formats.h"
#include "protocols/protocol.h"

namespace sslsniff {
namespace {

constexpr const char* kDescription = "Shows what processes say over TLS, without keys or proxies.";
constexpr const char* kVersion = "sslsniff " SSLSNIFF_VERSION;
constexpr const char* kUsage =
    "Usage: sslsniff [OPTIONS] -p PID | -c COMM | -u USER | -a | -r FILE [FILTER]\n"
    "       sslsniff [OPTIONS] -- COMMAND [ARG...]\n"
    "       sslsniff list|doctor [-p PID]\n";
constexpr const char* kExamples = R"(Examples:
  sslsniff -p 4242                          what this process and its children say, one line per transaction
  sslsniff -v -- curl https://example.com   a command from its first byte, with headers
  sslsniff -a -n 10                         the next ten transactions of the whole host
  sslsniff -p 4242 -o json:audit.jsonl      one JSON object per line
  sslsniff -p 4242 -w out.pcapng            for Wireshark, which needs no settings
  sslsniff -a -w - | wireshark -k -i -      watch it there live
  sslsniff -a 'tcp port 443 and not host 10.0.0.1' --where 'status >= 500 or latency > 1s'
  sslsniff -c nginx -o text -o trace:t      watch and record
  sslsniff -r t -vv                         read a recording back, with bodies; needs no root
  sslsniff list                             the TLS libraries of this host and who uses them
  sslsniff doctor -p 4242                   why do I see nothing?)";

CLI::Validator not_empty() {
    return {[](std::string& text) { return std::string(text.empty() ? "it must not be empty" : ""); }, ""};
}

/// Options are declared group by group, as --help shows them.
class Group {
  public:
    Group(CLI::App& app, std::string name) : app_(app), name_(std::move(name)) {}

    void flag(const std::string& names, auto& target, const std::string& help) {
        app_.add_flag(names, target, help)->group(name_);
    }
    /// The last one given counts.
    void value(const std::string& names, std::optional<std::string>& target, const std::string& type,
               const std::string& help) {
        app_.add_option(names, target, help)->type_name(type)->group(name_)->take_last();
    }
    /// One that, if it is given, is not empty.
    void text(const std::string& names, std::string& target, const std::string& type,
              const std::string& help) {
        app_.add_option(names, target, help)->type_name(type)->group(name_)->take_last()->check(not_empty());
    }
    /// All that are given count, each takes one value, which is not empty.
    void list(const std::string& names, std::vector<std::string>& target, const std::string& type,
              const std::string& help) {
        app_.add_option(names, target, help)
            ->type_name(type)
            ->group(name_)
            ->take_all()
            ->allow_extra_args(false)
            ->check(not_empty());
    }

  private:
    CLI::App& app_;
    std::string name_;
};

void declare_options(CLI::App& app, RawOptions& raw) {
    CaptureOptions& capture = raw.options.capture;
    PipelineOptions& pipeline = raw.options.pipeline;
    OutputSettings& settings = pipeline.settings;
    Group targets(app, "What to capture");
    targets.list("-p,--pid", raw.pids, "PID", "The process with this id, and its children; repeatable");
    targets.list("-c,--comm", capture.comms, "COMM", "Processes of this name (as in ps -o comm); repeatable");
    targets.list("-u,--user", capture.users, "USER", "Processes of this user, by name or uid; repeatable");
    targets.flag("-a,--all", capture.whole_host, "Every process of this host");
    targets.flag("--no-children", raw.no_children, "Leave out the children of -p and of the command");
    targets.flag("--tls-only", raw.tls_only, "Leave out traffic without TLS");
    targets.flag("--cleartext-only", raw.cleartext_only, "Only traffic without TLS");
    targets.value("-r,--read", raw.read_path, "FILE",
                  "Read a recording instead: pcap, pcapng or a trace; - is stdin");
    targets.text("--where", pipeline.where, "EXPR",
                 "Only transactions like 'status >= 500' (docs/filters.md)");

    Group output(app, "What to show");
    output.list("-o,--output", raw.outputs, "FORMAT[:FILE]",
                fmt::format("One of {}; default: text on stdout; repeatable", output_format_names()));
    output.value("-w,--write", raw.write_path, "FILE", "Same as -o pcapng:FILE, for Wireshark; - is stdout");
    output.flag("-v,--verbose", settings.verbosity, "Headers too; -vv: bodies as well");
    output.flag("-x,--hex", settings.hex, "Bodies and unknown protocols as hex dump");
    output.flag("--connections", settings.connections,
                "A table of connections, as they end, instead of transactions");
    output.flag("--no-names", raw.no_names, "Do not label peers with names from DNS and TLS");
    output.flag("-q,--quiet", raw.options.quiet, "Nothing but the summary");
    output.list("--decode-as", raw.decode_as, "PORT=PROTOCOL",
                "Treat connections on this port as this protocol; repeatable");
    output.flag("--show-secrets", pipeline.show_secrets,
                fmt::format("Show credentials: header fields, URLs, forms, JSON, {}", protocol_secrets()));
    output.list(
        "--redact", pipeline.redaction.rules, "RULE",
        "Take out more: header:NAME, field:PATH or a regular expression; repeatable (docs/redaction.md)");
    output.flag("--no-bodies", raw.no_bodies, "Leave out the contents of bodies");
    output.text("--save-bodies", raw.save_bodies, "DIR",
                "Write whole bodies, decoded, to files in this folder");
    output.text("--proto", pipeline.proto, "FILE",
                "Show gRPC messages as JSON, using this set of descriptors (protoc --descriptor_set_out)");
    output.value("--color", raw.color, "WHEN", "auto (on a terminal), always or never");

    Group files(app, "Files");
    files.value("-C,--rotate-size", raw.rotate_size, "SIZE",
                "Start the next file after this many million bytes");
    files.value("-G,--rotate-time", raw.rotate_interval, "TIME",
                "Start the next file after this time; its name goes through strftime");
    files.value("-W,--rotate-count", raw.rotate_count, "COUNT",
                "With -C: overwrite the oldest; with -G alone: stop after this many");

    Group pcapng(app, "Files for Wireshark");
    pcapng.value("--pcapng-mode", raw.pcapng_mode, "MODE", "auto, tls or plain (docs/pcapng.md)");
    pcapng.flag("--markers", raw.markers,
                "Markers instead of other ports where Wireshark needs them; tcpdump then reads nothing");
    pcapng.flag("--no-markers", raw.no_markers, "Neither markers nor other ports");

    Group limits(app, "How much");
    limits.value("-n,--count", raw.count, "COUNT", "Stop after this many transactions (or --connections)");
    limits.value("--duration", raw.duration, "TIME", "Stop after this time: 10s, 500ms, 2m");
    limits.value("-s,--snaplen", raw.snaplen, "BYTES",
                 "Keep only this much of each call; 0: all, the default");
    limits.value("--max-body", raw.max_body, "BYTES", "Keep only this much of each body; default: 64k");
    limits.value("--max-memory", raw.max_memory, "BYTES",
                 "Memory for unfinished transactions and open connections; default: 256M");
    limits.value("--max-saved", raw.max_saved, "BYTES",
                 "Stop saving bodies after this much (--save-bodies); default: 1G");
    limits.value("-B,--buffer-size", raw.buffer_size, "BYTES",
                 "Size of the kernel's buffer, 64k to 1G; default: 64M");

    Group diagnosis(app, "Diagnosis");
    diagnosis.list("--backend", raw.backends, "NAME",
                   "Use this way into the kernel, not the best one (docs/kernels.md); repeatable");

    app.set_help_flag("-h,--help", "Print this help")->group("Other");
    const std::string version =
        has_live_capture() ? kVersion : kVersion + std::string(" (without live capture)");
    app.set_version_flag("-V,--version", version, "Print the version")->group("Other");
}

/// CLI11's help with a usage of our own.
class HelpFormatter final : public CLI::Formatter {
  public:
    HelpFormatter() { column_width(32); }
    std::string make_usage(const CLI::App* /*app*/, std::string /*name*/) const override { return kUsage; }
    std::string make_option_opts(const CLI::Option* option) const override {
        return option->get_type_size() == 0 ? "" : " " + option->get_type_name();
    }
};

std::string help_of(const CLI::App& app) {
    std::string text = app.help();
    for (auto at = text.find("\n\n\n"); at != std::string::npos; at = text.find("\n\n\n")) {
        text.erase(at, 1);
    }
    return text;
}

struct Habit {
    std::string_view option;
    std::string_view hint;
};

/// What those who come from tcpdump, strace or curl type.
constexpr std::array<Habit, 7> kHabits{{
    {"-i",
     "processes are captured, not interfaces: -a is the whole host, and a filter like 'host 10.0.0.1' limits "
     "it"},
    {"-D", "sslsniff list shows what can be captured"},
    {"-A", "-v shows headers, -vv bodies"},
    {"-X", "-x shows bodies as hex dump"},
    {"-l", "output is never buffered for long"},
    {"-f", "children are captured too, unless --no-children is given"},
    {"-e", "--where shows only some transactions (docs/filters.md)"},
}};

/// Words without an option are a pcap-filter expression, as for tcpdump.
Result<std::string> filter_expression(const std::vector<std::string>& words) {
    for (const auto& word : words) {
        if (word.starts_with('-')) {
            const auto* habit = std::ranges::find(kHabits, word.substr(0, 2), &Habit::option);
            return fail(
                ErrorKind::usage,
                fmt::format("there is no option {} ({})", printable(word),
                            habit != kHabits.end() && !word.starts_with("--") ? habit->hint : "see --help"));
        }
    }
    return fmt::format("{}", fmt::join(words, " "));
}

/// `message` begins with the long name of an option: "--pid: 1 required PID missing".
std::string missing_value(const CLI::App& app, std::string_view message) {
    const std::string name(message.substr(0, message.find(':')));
    const CLI::Option* option = app.get_option_no_throw(name);
    if (option == nullptr) {
        return fmt::format("{} needs a value (see --help)", printable(name));
    }
    const bool is_count = option->check_name("-n");
    return fmt::format("{} needs a value, {} ({})", option->get_name(false, true), option->get_type_name(),
                       is_count ? "to leave out names: --no-names" : "see --help");
}

/// An empty value is a variable that was not set, hardly ever what was meant.
Result<void> refuse_empty_values(std::span<const std::string> words) {
    for (const auto& word : words) {
        if (word.starts_with("--") && word.ends_with('=')) {
            return fail(ErrorKind::usage, fmt::format("{} has no value: give it one", printable(word)));
        }
    }
    return {};
}

}  // namespace

Result<std::variant<RawOptions, Information>> read_words(std::span<const std::string> words) {
    const auto separator = std::ranges::find(words, "--");
    RawOptions raw;
    if (separator != words.end()) {
        raw.options.capture.command.assign(separator + 1, words.end());
        if (raw.options.capture.command.empty()) {
            return fail(ErrorKind::usage, "no command after --");
        }
    }
    if (auto refused = refuse_empty_values({words.begin(), separator}); !refused) {
        return std::unexpected(refused.error());
    }
    CLI::App app(kDescription, "sslsniff");
    app.formatter(std::make_shared<HelpFormatter>());
    app.footer(kExamples);
    app.allow_extras();
    declare_options(app, raw);
    try {
        // CLI11 takes the words in reverse.
        std::vector<std::string> reversed(std::make_reverse_iterator(separator), words.rend());
        app.parse(reversed);
    } catch (const CLI::CallForHelp&) {
        return Information{help_of(app)};
    } catch (const CLI::CallForVersion& version) {
        return Information{std::string(version.what()) + "\n"};
    } catch (const CLI::ArgumentMismatch& error) {
        return fail(ErrorKind::usage, missing_value(app, error.what()));
    } catch (const CLI::ParseError& error) {
        return fail(ErrorKind::usage, printable(error.what()) + " (see --help)");
    }
    auto expression = filter_expression(app.remaining());
    if (!expression) {
        return std::unexpected(expression.error());
    }
    raw.options.pipeline.expression = *std::move(expression);
    return raw;
}

}  // namespace sslsniff
