#include "app/subcommands.h"

#include <fmt/format.h>
#include <unistd.h>

#include <CLI/CLI.hpp>
#include <algorithm>
#include <array>
#include <string_view>
#include <utility>
#include <vector>

#include "app/completion.h"
#include "app/config_example.h"
#include "app/declared_options.h"
#include "app/manual.h"
#include "app/messages.h"
#include "app/option_words.h"
#include "app/stats_command.h"
#include "app/units.h"
#include "base/text.h"
#include "capture/discovery/planner.h"
#include "diagnosis/doctor.h"
#include "diagnosis/list.h"
#include "engine/live_session.h"
#include "engine/signals.h"
#include "separation/reader_user.h"
#include "separation/rights.h"

namespace sslsniff {
namespace {

/// The words as they were given.
struct RawRequest {
    std::vector<std::string> pids;
    std::string format = "text";
    std::string duration = "3s";
    std::string shell;
    std::vector<std::string> words;
    std::string every;
    bool verbose = false;
};

/// What they mean. Each subcommand reads what it declares.
struct Request {
    std::vector<pid_t> pids;  ///< empty: the whole host
    bool verbose = false;
    std::optional<Duration> watch;  ///< how long doctor watches `pids`
    ReportFormat format = ReportFormat::text;
    Shell shell = Shell::bash;
    std::vector<std::string> words;
    std::optional<Duration> every;
};

Result<int> doctor(const Request& request, OutputStream& out, Messages& messages) {
    Planner planner;
    const auto user = find_reader_user(std::nullopt);
    DoctorOptions options{request.pids, request.format, request.verbose, {}};
    if (user) {
        options.rights = rights_of_a_capture(*user);
    }
    if (!request.pids.empty() && request.watch) {
        options.watch = [&request, &messages] {
            messages.say(
                fmt::format("watching for {:.1f} s", std::chrono::duration<double>(*request.watch).count()));
            return watch_traffic(request.pids, *request.watch, messages);
        };
    }
    return run_doctor(options, examine_host(), planner, out);
}

Result<int> list(const Request& request, OutputStream& out, Messages& /*messages*/) {
    Planner planner;
    return run_list({request.pids, request.format, request.verbose}, planner, out);
}

Result<int> stats(const Request& request, OutputStream& out, Messages& messages) {
    return run_stats({request.words, request.format == ReportFormat::json, request.every}, out, messages);
}

Result<int> print(const std::string& text, OutputStream& out) {
    out.write(text);
    const auto written = out.flush();
    return written ? Result<int>(0) : std::unexpected(written.error());
}

Result<int> completion(const Request& request, OutputStream& out, Messages& /*messages*/) {
    return print(completion_script(request.shell, command_tables()), out);
}

Result<int> config(const Request& /*request*/, OutputStream& out, Messages& /*messages*/) {
    return print(config_example(command_tables().front()), out);
}

Result<int> manual(const Request& /*request*/, OutputStream& out, Messages& /*messages*/) {
    return print(manual_source(command_tables()), out);
}

void declare_report(CLI::App& app, RawRequest& raw) {
    app.add_option("-o,--output", raw.format, "text or json")
        ->type_name("FORMAT")
        ->check(CLI::Validator(CLI::IsMember({"text", "json"})).description(""));
    app.add_option("-p,--pid", raw.pids, "Look at this process; repeatable; default: the whole host")
        ->type_name("PID")
        ->take_all()
        ->allow_extra_args(false);
    app.add_flag("-v,--verbose", raw.verbose, "Where each library is probed, and what the kernel has");
}

void declare_doctor(CLI::App& app, RawRequest& raw) {
    declare_report(app, raw);
    app.add_option(
           "--duration", raw.duration,
           "Watch the traffic of these processes for this long (10s, 500ms; 0: not at all; default 3s)")
        ->type_name("TIME");
}

void declare_completion(CLI::App& app, RawRequest& raw) {
    app.add_option("SHELL", raw.shell, "bash, zsh or fish")
        ->required()
        ->type_name("SHELL")
        ->check(CLI::Validator(CLI::IsMember({"bash", "zsh", "fish"})).description(""));
}

void declare_stats(CLI::App& app, RawRequest& raw) {
    app.add_option("WORD", raw.words,
                   "PID or SOCKET of the capture, where there are several; then nothing, stop, start, set "
                   "filter EXPR or set where EXPR (docs/stats.md)")
        ->type_name("WORD")
        ->allow_extra_args(true);
    app.add_option("-o,--output", raw.format, "text or json")
        ->type_name("FORMAT")
        ->check(CLI::Validator(CLI::IsMember({"text", "json"})).description(""));
    app.add_option("--every", raw.every, "Again each time this has passed: 5s, 1m")->type_name("TIME");
}

void declare_nothing(CLI::App& /*app*/, RawRequest& /*raw*/) {}

struct Subcommand {
    std::string_view name;
    const char* description;
    void (*declare)(CLI::App&, RawRequest&);
    Result<int> (*run)(const Request&, OutputStream&, Messages&);
};

constexpr std::array<Subcommand, 6> kSubcommands{{
    {"doctor", "Says what can be captured here and why something cannot.", declare_doctor, doctor},
    {"list", "Lists the TLS libraries of this host and who uses them.", declare_report, list},
    {"stats", "Says how a running capture is going; stops it, starts it, sets its filter.", declare_stats,
     stats},
    {"completion", "Prints a script by which a shell completes the command line.", declare_completion,
     completion},
    {"config", "Prints a configuration file with every option as a comment.", declare_nothing, config},
    {"manual", "Prints the source of the manual page, for scdoc.", declare_nothing, manual},
}};

/// The process that a word is about, or the option that is not one.
std::string unexpected_word(std::string_view name, std::string_view word) {
    if (parse_pid(word)) {
        return fmt::format("name a process with -p: sslsniff {} -p {}", name, word);
    }
    return fmt::format("there is no {} {} (see sslsniff {} --help)",
                       word.starts_with('-') ? "option" : "argument", printable(word), name);
}

Result<Request> understood(const RawRequest& raw) {
    Request request;
    for (const auto& text : raw.pids) {
        const auto pid = parse_pid(text);
        if (!pid) {
            return fail(ErrorKind::usage, "-p: " + pid.error().message);
        }
        request.pids.push_back(*pid);
    }
    if (raw.duration != "0") {
        const auto parsed = parse_duration(raw.duration);
        if (!parsed) {
            return fail(ErrorKind::usage, "--duration: " + parsed.error().message);
        }
        request.watch = *parsed;
    }
    if (!raw.every.empty()) {
        const auto parsed = parse_duration(raw.every);
        if (!parsed) {
            return fail(ErrorKind::usage, "--every: " + parsed.error().message);
        }
        request.every = *parsed;
    }
    request.words = raw.words;
    request.verbose = raw.verbose;
    request.format = value_of(kReportFormats, raw.format).value_or(ReportFormat::text);
    request.shell = value_of(kShells, raw.shell).value_or(Shell::bash);
    return request;
}

int run(const Subcommand& subcommand, std::span<const std::string> arguments, Messages& messages) {
    RawRequest raw;
    CLI::App app(subcommand.description, fmt::format("sslsniff {}", subcommand.name));
    app.allow_extras();
    subcommand.declare(app, raw);
    try {
        app.parse(std::vector<std::string>(arguments.rbegin(), arguments.rend()));
    } catch (const CLI::CallForHelp&) {
        return messages.answer(app.help());
    } catch (const CLI::ParseError& error) {
        return messages.fail(fmt::format("{}: {} (see sslsniff {} --help)", subcommand.name,
                                         printable(error.what()), subcommand.name),
                             kWrongUsage);
    }
    if (!app.remaining().empty()) {
        return messages.fail(
            fmt::format("{}: {}", subcommand.name, unexpected_word(subcommand.name, app.remaining().front())),
            kWrongUsage);
    }
    const auto request = understood(raw);
    if (!request) {
        return messages.fail(fmt::format("{}: {}", subcommand.name, request.error().message), kWrongUsage);
    }
    const auto signals = Signals::take();  // a closed reader is an error of write() then
    const Signals::Interruptible interruptible;
    FdOutputStream out(STDOUT_FILENO, "standard output");
    const auto status = subcommand.run(*request, out, messages);
    if (!status && !out.is_closed_reader()) {
        return messages.fail(status.error());
    }
    return status ? *status : 0;
}

}  // namespace

std::optional<int> run_subcommand(std::span<const std::string> arguments, Messages& messages) {
    if (arguments.empty()) {
        return std::nullopt;
    }
    const auto* found = std::ranges::find(kSubcommands, arguments.front(), &Subcommand::name);
    if (found == kSubcommands.end()) {
        return std::nullopt;
    }
    return run(*found, arguments.subspan(1), messages);
}

std::vector<CommandTable> subcommand_tables() {
    std::vector<CommandTable> tables;
    tables.reserve(kSubcommands.size());
    for (const auto& subcommand : kSubcommands) {
        CLI::App app;
        RawRequest raw;
        subcommand.declare(app, raw);
        tables.push_back({std::string(subcommand.name), subcommand.description, rows_of(app)});
    }
    return tables;
}

}  // namespace sslsniff
