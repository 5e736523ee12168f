#include "app/raw_options.h"

#include <fmt/format.h>

#include <CLI/CLI.hpp>
#include <algorithm>
#include <iterator>
#include <memory>
#include <string_view>
#include <utility>

#include "app/live_session.h"
#include "app/output_formats.h"
#include "base/text.h"

namespace sslsniff {
namespace {

constexpr const char* kDescription = "Shows what processes say over TLS, without keys or proxies.";
constexpr const char* kVersion = "sslsniff " SSLSNIFF_VERSION;
constexpr const char* kUsage =
    "Usage: sslsniff [OPTIONS] -p PID | -c COMM | -u USER | -a | -r FILE\n"
    "       sslsniff [OPTIONS] -- COMMAND [ARG...]\n"
    "       sslsniff list|doctor [-p PID]\n";
constexpr const char* kExamples = R"(Examples:
  sslsniff -p 4242                          what this process and its children say, one line per transaction
  sslsniff -v -- curl https://example.com   a command from its first byte, with headers
  sslsniff -a -n 10                         the next ten transactions of the whole host
  sslsniff -p 4242 -o json:audit.jsonl      one JSON object per line
  sslsniff -c nginx -o text -o trace:t      read along and record
  sslsniff -r t -vv                         read a recording back, with bodies; needs no root
  sslsniff list                             the TLS libraries of this host and who uses them
  sslsniff doctor -p 4242                   why do I see nothing?)";

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
    /// All that are given count, each takes one value.
    void list(const std::string& names, std::vector<std::string>& target, const std::string& type,
              const std::string& help) {
        app_.add_option(names, target, help)
            ->type_name(type)
            ->group(name_)
            ->take_all()
            ->allow_extra_args(false);
    }

  private:
    CLI::App& app_;
    std::string name_;
};

void declare_options(CLI::App& app, RawOptions& raw) {
    auto& options = raw.options;
    Group targets(app, "What to capture");
    targets.list("-p,--pid", raw.pids, "PID", "The process with this id, and its children; repeatable");
    targets.list("-c,--comm", options.comms, "COMM", "Processes of this name (as in ps -o comm); repeatable");
    targets.list("-u,--user", options.users, "USER", "Processes of this user, by name or uid; repeatable");
    targets.flag("-a,--all", options.whole_host, "Every process of this host");
    targets.flag("--no-children", raw.no_children, "Leave out the children of -p and of the command");
    targets.value("-r,--read", raw.read_path, "FILE", "Read a recording instead; - is stdin");

    Group output(app, "What to show");
    output.list("-o,--output", raw.outputs, "FORMAT[:FILE]",
                fmt::format("One of {}; default: text on stdout; repeatable", output_format_names()));
    output.flag("-v,--verbose", options.verbosity, "Headers too; -vv: bodies as well");
    output.flag("-x,--hex", options.hex, "Bodies and unknown protocols as hex dump");
    output.flag("-q,--quiet", options.quiet, "Nothing but the summary");
    output.list("--decode-as", raw.decode_as, "PORT=PROTOCOL",
                "Take connections of this port for this protocol; repeatable");
    output.flag("--show-secrets", options.show_secrets, "Show passwords that protocols carry (Redis AUTH)");
    output.value("--color", raw.color, "WHEN", "auto (on a terminal), always or never");

    Group limits(app, "How much");
    limits.value("-n,--count", raw.count, "COUNT", "Stop after this many transactions");
    limits.value("--duration", raw.duration, "TIME", "Stop after this time: 10s, 500ms, 2m");
    limits.value("-s,--snaplen", raw.snaplen, "BYTES",
                 "Keep only this much of each call; 0: all, the default");
    limits.value("--max-body", raw.max_body, "BYTES", "Keep only this much of each body; default: 64k");
    limits.value("-B,--buffer-size", raw.buffer_size, "BYTES", "Size of the kernel's buffer; default: 64M");

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

/// What CLI11 did not expect, said for people.
std::unexpected<Error> unexpected_word(const std::string& word) {
    const auto shown = printable(word);
    if (word.starts_with('-')) {
        return fail(fmt::format("there is no option {} (see --help)", shown));
    }
    return fail(
        fmt::format("unexpected argument '{}': a command goes after --, like sslsniff -- {}", shown, shown));
}

}  // namespace

Result<std::variant<RawOptions, Information>> read_words(std::span<const std::string> words) {
    const auto separator = std::ranges::find(words, "--");
    RawOptions raw;
    if (separator != words.end()) {
        raw.options.command.assign(separator + 1, words.end());
        if (raw.options.command.empty()) {
            return fail("no command after --");
        }
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
        const std::string_view message = error.what();  // "--pid: 1 required PID missing"
        return fail(
            fmt::format("{} needs a value (see --help)", printable(message.substr(0, message.find(':')))));
    } catch (const CLI::ParseError& error) {
        return fail(printable(error.what()) + " (see --help)");
    }
    if (const auto extras = app.remaining(); !extras.empty()) {
        return unexpected_word(extras[0]);
    }
    return raw;
}

}  // namespace sslsniff
