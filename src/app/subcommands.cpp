#include "app/subcommands.h"

#include <fmt/format.h>
#include <unistd.h>

#include <CLI/CLI.hpp>
#include <algorithm>
#include <array>
#include <string_view>
#include <utility>
#include <vector>

#include "app/messages.h"
#include "app/units.h"
#include "base/text.h"
#include "capture/discovery/planner.h"
#include "diagnosis/doctor.h"
#include "diagnosis/list.h"
#include "engine/live_session.h"
#include "engine/signals.h"

namespace sslsniff {
namespace {

struct Request {
    std::vector<pid_t> pids;  ///< empty: the whole host
    bool verbose = false;
    std::optional<Duration> watch;  ///< how long doctor watches `pids`
    ReportFormat format = ReportFormat::text;
};

Result<int> doctor(const Request& request, OutputStream& out, Messages& messages) {
    Planner planner;
    DoctorOptions options{request.pids, request.format, request.verbose, {}};
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

struct Subcommand {
    std::string_view name;
    const char* description;
    bool watches;
    Result<int> (*run)(const Request&, OutputStream&, Messages&);
};

constexpr std::array<Subcommand, 2> kSubcommands{{
    {"doctor", "Says what can be captured here and why something cannot.", true, doctor},
    {"list", "Lists the TLS libraries of this host and who uses them.", false, list},
}};

/// The process that a word is about, or the option that is not one.
std::string unexpected_word(std::string_view name, std::string_view word) {
    if (parse_pid(word)) {
        return fmt::format("name a process with -p: sslsniff {} -p {}", name, word);
    }
    return fmt::format("there is no {} {} (see sslsniff {} --help)",
                       word.starts_with('-') ? "option" : "argument", printable(word), name);
}

int run(const Subcommand& subcommand, std::span<const std::string> arguments, Messages& messages) {
    Request request;
    std::string format = "text";
    std::string duration = "3s";
    std::vector<std::string> pids;
    CLI::App app(subcommand.description, fmt::format("sslsniff {}", subcommand.name));
    app.add_option("-o,--output", format, "text or json")
        ->type_name("FORMAT")
        ->check(CLI::IsMember({"text", "json"}));
    app.allow_extras();
    app.add_option("-p,--pid", pids, "Look at this process; repeatable; default: the whole host")
        ->type_name("PID")
        ->take_all()
        ->allow_extra_args(false);
    app.add_flag("-v,--verbose", request.verbose, "Where each library is probed, and what the kernel has");
    if (subcommand.watches) {
        app.add_option(
               "--duration", duration,
               "Watch the traffic of these processes for this long (10s, 500ms; 0: not at all; default 3s)")
            ->type_name("TIME");
    }
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
    for (const auto& text : pids) {
        const auto pid = parse_pid(text);
        if (!pid) {
            return messages.fail(fmt::format("{}: -p: {}", subcommand.name, pid.error().message),
                                 kWrongUsage);
        }
        request.pids.push_back(*pid);
    }
    if (duration != "0") {
        const auto parsed = parse_duration(duration);
        if (!parsed) {
            return messages.fail(fmt::format("{}: --duration: {}", subcommand.name, parsed.error().message),
                                 kWrongUsage);
        }
        request.watch = *parsed;
    }
    request.format = format == "json" ? ReportFormat::json : ReportFormat::text;
    const auto signals = Signals::take();  // a closed reader is an error of write() then
    const Signals::Interruptible interruptible;
    FdOutputStream out(STDOUT_FILENO, "standard output");
    const auto status = subcommand.run(request, out, messages);
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

}  // namespace sslsniff
