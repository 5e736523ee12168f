#include "app/stats_command.h"

#include <fmt/format.h>
#include <fmt/ranges.h>

#include <unistd.h>

#include <algorithm>
#include <chrono>
#include <iterator>
#include <optional>
#include <span>
#include <thread>
#include <utility>

#include "app/stats_text.h"
#include "app/units.h"
#include "base/text.h"
#include "control/control_client.h"
#include "control/control_place.h"

namespace sslsniff {
namespace {

using Words = std::span<const std::string>;

/// A capture looks every few milliseconds, unless it waits for somebody.
constexpr std::chrono::seconds kPatience{5};
/// Attaching takes longer.
constexpr std::chrono::seconds kLongPatience{60};

constexpr const char* kUsage =
    "sslsniff stats [PID|SOCKET] [stop | start | set filter EXPR | set where EXPR]";

struct Found {
    pid_t pid = 0;
    std::string path;
};

/// All that run, without the sockets of those that do not.
std::vector<Found> running_captures() {
    std::vector<Found> found;
    for (const std::string& folder : control_folders()) {
        const auto opened = open_control_folder(folder, false);
        for (const pid_t pid : opened ? controlled_captures(folder) : std::vector<pid_t>()) {
            remove_if_forsaken(opened->get(), control_name(pid));
            std::string path = fmt::format("{}/{}", folder, control_name(pid));
            if (::access(path.c_str(), F_OK) == 0) {
                found.push_back({pid, std::move(path)});
            }
        }
    }
    return found;
}

/// The only capture that runs, or the one of this pid.
Result<std::string> find_capture(std::optional<pid_t> pid) {
    auto found = running_captures();
    if (pid) {
        std::erase_if(found, [&](const Found& one) { return one.pid != *pid; });
    }
    if (found.empty()) {
        return fail(
            ErrorKind::not_found,
            pid ? fmt::format("there is no socket of a capture with the pid {}: is it a live capture of "
                              "another user, or was --control given?",
                              *pid)
                : "no capture runs that this user can ask: only live captures can be asked, and only "
                  "by root or who runs them");
    }
    if (found.size() > 1) {
        std::vector<pid_t> pids;
        std::ranges::transform(found, std::back_inserter(pids), &Found::pid);
        return fail(ErrorKind::usage, fmt::format("several captures run: name one of {} (sslsniff stats {})",
                                                  fmt::join(pids, ", "), pids.front()));
    }
    return found.front().path;
}

/// The socket that the first word names, which is then taken away; else the only one.
Result<std::string> take_place(Words& words) {
    if (words.empty()) {
        return find_capture({});
    }
    const std::string& first = words.front();
    const auto pid = parse_pid(first);
    const bool is_path = first.find('/') != std::string::npos;
    if (pid || is_path) {
        words = words.subspan(1);
    }
    return is_path ? Result<std::string>(first) : find_capture(pid ? std::optional(*pid) : std::nullopt);
}

/// What is left says what to do.
Result<ControlRequest> request_of(Words words) {
    if (words.empty()) {
        return ControlRequest{};
    }
    if (words.size() == 1 && (words[0] == "stop" || words[0] == "start")) {
        return parse_control_request(words[0]);
    }
    if (words.size() >= 2 && words[0] == "set" && (words[1] == "filter" || words[1] == "where")) {
        return parse_control_request(fmt::format("{}", fmt::join(words.subspan(1), " ")));
    }
    return fail(ErrorKind::usage, fmt::format("{}: what is '{}'?", kUsage, printable(words.front())));
}

/// Until the capture ends: that is no error then.
Result<int> show(const std::string& path, const StatsCommand& command, OutputStream& out) {
    std::optional<StatsAnswer> before;
    while (true) {
        const auto json = ask_capture(path, {}, kPatience);
        if (!json) {
            return before && json.error().kind == ErrorKind::not_found ? Result<int>(0)
                                                                       : std::unexpected(json.error());
        }
        auto answer = StatsAnswer::parse(*json);
        if (!answer) {
            return std::unexpected(answer.error());
        }
        out.write(command.json ? *json + "\n"
                               : (before ? "\n" : "") + stats_text(*answer, before ? &*before : nullptr));
        if (auto written = out.flush(); !written || !command.every) {
            return written ? Result<int>(0) : std::unexpected(written.error());
        }
        before = *std::move(answer);
        std::this_thread::sleep_for(*command.every);
    }
}

}  // namespace

Result<int> run_stats(const StatsCommand& command, OutputStream& out, Messages& messages) {
    Words words = command.words;
    const auto path = take_place(words);
    if (!path) {
        return std::unexpected(path.error());
    }
    const auto request = request_of(words);
    if (!request) {
        return std::unexpected(request.error());
    }
    if (request->kind == ControlRequest::Kind::stats) {
        return show(*path, command, out);
    }
    const auto json = ask_capture(*path, *request, kLongPatience);
    if (!json) {
        return std::unexpected(json.error());
    }
    if (auto answer = StatsAnswer::parse(*json); !answer) {
        return std::unexpected(answer.error());
    }
    messages.say("done");
    return 0;
}

}  // namespace sslsniff
