#include "app/extcap.h"

#include <fmt/format.h>
#include <fmt/ranges.h>

#include <CLI/CLI.hpp>
#include <algorithm>
#include <array>
#include <map>
#include <optional>
#include <set>
#include <string_view>
#include <utility>
#include <variant>
#include <vector>

#include "app/live.h"
#include "app/parse_options.h"
#include "base/text.h"
#include "capture/discovery/planner.h"
#include "filter/endpoint_filter.h"

namespace sslsniff {
namespace {

constexpr std::string_view kInterface = "sslsniff";

/// What Wireshark's dialog shows, and hands on as --NAME.
struct Argument {
    std::string_view name;
    std::string_view title;
    std::string_view type;
    std::string_view tooltip;
    std::string_view more = {};
};
/// What the first argument has before it is loaded.
constexpr std::string_view kEverybody = "value {arg=0}{value=}{display=Every process}{default=true}\n";
constexpr auto kArguments = std::to_array<Argument>({
    {"process", "Process", "selector", "It and its children are captured",
     "{reload=true}{placeholder=Load those that use TLS}"},
    {"pid", "Process id", "string", "The same by its id"},
    {"comm", "Process name", "string", "Processes of this name, as in ps -o comm"},
    {"user", "User", "string", "Processes of this user"},
    {"run", "Command", "string", "Run this command by a shell and capture it"},
    {"tls-only", "TLS only", "boolflag", "Leave out traffic without TLS"},
    {"no-children", "Without children", "boolflag", "Leave out the children of the process"},
});

struct Call {
    bool interfaces = false;
    bool config = false;
    bool dlts = false;
    bool capture = false;
    std::string version;
    std::string interface;
    std::string fifo;
    std::string reload;
    std::optional<std::string> filter;
    std::string process;
    std::string pid;
    std::string comm;
    std::string user;
    std::string command;
    bool tls_only = false;
    bool no_children = false;
};

Result<Call> understood(std::span<const std::string> words) {
    Call call;
    CLI::App app("Capture program of Wireshark", "sslsniff");
    app.allow_extras();  // what later versions may hand on
    app.add_flag("--extcap-interfaces", call.interfaces);
    app.add_flag("--extcap-config", call.config);
    app.add_flag("--extcap-dlts", call.dlts);
    app.add_flag("--capture", call.capture);
    app.add_option("--extcap-version", call.version);
    app.add_option("--extcap-interface", call.interface);
    app.add_option("--extcap-reload-option", call.reload);
    app.add_option("--extcap-capture-filter", call.filter);
    app.add_option("--fifo", call.fifo);
    app.add_option("--process", call.process);
    app.add_option("--pid", call.pid);
    app.add_option("--comm", call.comm);
    app.add_option("--user", call.user);
    app.add_option("--run", call.command);
    app.add_flag("--tls-only", call.tls_only);
    app.add_flag("--no-children", call.no_children);
    try {
        app.parse(std::vector<std::string>(words.rbegin(), words.rend()));
    } catch (const CLI::ParseError& error) {
        return fail(ErrorKind::usage, printable(error.what()));
    }
    return call;
}

std::string interfaces() {
    return fmt::format(
        "extcap {{version={}}}\ninterface {{value={}}}{{display=What processes say over TLS}}\n",
        SSLSNIFF_VERSION, kInterface);
}

/// Of most packets; descriptions of others are in the file.
std::string dlts() {
    return "dlt {number=101}{name=RAW}{display=Raw IP with the plaintext}\n";
}

std::string config() {
    std::string text;
    for (std::size_t i = 0; i < kArguments.size(); ++i) {
        const Argument& argument = kArguments.at(i);
        text += fmt::format("arg {{number={}}}{{call=--{}}}{{display={}}}{{type={}}}{{tooltip={}}}{}\n", i,
                            argument.name, argument.title, argument.type, argument.tooltip, argument.more);
    }
    return text + std::string(kEverybody);
}

/// Braces would end a value.
std::string value_text(std::string_view text) {
    std::string value = printable(text);
    std::ranges::replace_if(value, [](char c) { return c == '{' || c == '}'; }, '_');
    return value;
}

/// The processes that use a TLS library which can be captured.
std::string processes() {
    Planner planner;
    const AttachPlan plan = planner.plan_all();
    std::map<pid_t, std::set<std::string>> found;
    for (const LibraryPlan& library : plan.libraries) {
        for (const pid_t pid : library.processes) {
            found[pid].emplace(library.display_path.substr(library.display_path.rfind('/') + 1));
        }
    }
    std::string text(kEverybody);
    for (const auto& [pid, libraries] : found) {
        const auto status = planner.proc().status(pid);
        text += fmt::format("value {{arg=0}}{{value={}}}{{display={}[{}] with {}}}\n", pid,
                            value_text(status ? status->info.comm : "?"), pid,
                            value_text(fmt::format("{}", fmt::join(libraries, ", "))));
    }
    return text;
}

/// The command line that does the same.
std::vector<std::string> words_of(const Call& call) {
    std::vector<std::string> words = {"-w", call.fifo};
    const auto add = [&words](std::string_view option, const std::string& value) {
        if (!value.empty()) {
            words.insert(words.end(), {std::string(option), value});
        }
    };
    add("--pid", call.process);
    add("--pid", call.pid);
    add("--comm", call.comm);
    add("--user", call.user);
    if (call.tls_only) {
        words.emplace_back("--tls-only");
    }
    if (call.no_children) {
        words.emplace_back("--no-children");
    }
    if (call.process.empty() && call.pid.empty() && call.comm.empty() && call.user.empty() &&
        call.command.empty()) {
        words.emplace_back("--all");
    }
    if (call.filter && !call.filter->empty()) {
        words.push_back(*call.filter);
    }
    if (!call.command.empty()) {
        words.insert(words.end(), {"--", "/bin/sh", "-c", call.command});
    }
    return words;
}

int capture(const Call& call, Messages& messages) {
    if (call.fifo.empty()) {
        return messages.fail("--capture needs --fifo: it is for Wireshark to call", kWrongUsage);
    }
    const auto words = words_of(call);
    const auto invocation = parse_options(words, {});
    if (!invocation) {
        return messages.fail(invocation.error());
    }
    const auto* options = std::get_if<Options>(&*invocation);
    if (options == nullptr) {
        return kWrongUsage;
    }
    const auto status = capture_live(*options, messages);
    return status ? *status : messages.fail(status.error());
}

/// Wireshark shows what is printed beside the filter.
int check_filter(const std::string& filter, Messages& messages) {
    const auto compiled = EndpointFilter::compile(filter);
    return filter.empty() || compiled ? 0
                                      : std::max(messages.answer(compiled.error().message + "\n"), kFailure);
}

}  // namespace

bool is_extcap(std::span<const std::string> words) {
    const auto separator = std::ranges::find(words, "--");
    return std::any_of(words.begin(), separator,
                       [](const std::string& word) { return word.starts_with("--extcap-"); });
}

int run_extcap(std::span<const std::string> words, Messages& messages) {
    messages.tell_errors_only();
    const auto call = understood(words);
    if (!call) {
        return messages.fail(call.error());
    }
    if (call->interfaces) {
        return messages.answer(interfaces());
    }
    if (call->interface != kInterface) {
        return messages.fail(
            fmt::format("there is no interface '{}', only {}", printable(call->interface), kInterface),
            kWrongUsage);
    }
    if (call->capture) {
        return capture(*call, messages);
    }
    if (call->config) {
        return messages.answer(call->reload == "process" ? processes() : config());
    }
    if (call->dlts) {
        return messages.answer(dlts());
    }
    return check_filter(call->filter.value_or(""), messages);
}

}  // namespace sslsniff
