#include "app/app.h"

#include <fmt/format.h>
#include <fmt/ranges.h>

#include <algorithm>
#include <cstdlib>
#include <variant>

#include "app/extcap.h"
#include "app/live.h"
#include "app/messages.h"
#include "app/parse_options.h"
#include "app/replay.h"
#include "app/subcommands.h"
#include "output/output_formats.h"

namespace sslsniff {
namespace {

/// https://no-color.org
void heed_no_color(OutputSettings& settings) {
    const char* no_color = std::getenv("NO_COLOR");
    if (settings.color == ColorMode::automatic && no_color != nullptr && *no_color != '\0') {
        settings.color = ColorMode::never;
    }
}

}  // namespace

int run(std::span<const std::string> arguments) {
    occupy_standard_descriptors();
    Messages messages;
    if (is_extcap(arguments)) {
        return run_extcap(arguments, messages);
    }
    if (const auto status = run_subcommand(arguments, messages)) {
        return *status;
    }
    auto invocation = parse_options(arguments, kDefaultConfig);
    if (!invocation) {
        return messages.fail(invocation.error());
    }
    if (const auto* information = std::get_if<Information>(&*invocation)) {
        return messages.answer(information->text);
    }
    auto& options = std::get<Options>(*invocation);
    heed_no_color(options.pipeline.settings);
    options.command_line = fmt::format("sslsniff {}", fmt::join(arguments, " "));
    for (const auto& hint : options.hints) {
        messages.say(hint);
    }
    const auto& outputs = options.pipeline.outputs;
    if (std::ranges::find(outputs, kTopFormat, &OutputSpec::format) != outputs.end()) {
        messages.hold();
    }
    const auto status = options.live() ? capture_live(options, messages) : replay(options, messages);
    messages.release();
    return status ? *status : messages.fail(status.error());
}

}  // namespace sslsniff
