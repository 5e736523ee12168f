#include "output/top/top_output.h"

#include <fmt/format.h>

#include <string>
#include <string_view>

#include "base/output_stream.h"
#include "base/text.h"
#include "base/unique_fd.h"
#include "model/wall_clock.h"
#include "output/files/claimed_file.h"
#include "output/text/line_parts.h"

namespace sslsniff {
namespace {

using std::chrono::milliseconds;

/// Faster than anybody reads.
constexpr milliseconds kRedraw{250};
/// When nothing is captured any more: how late a key may be.
constexpr milliseconds kPause{20};

TextOptions local_time() {
    TextOptions text;
    text.utc_offset = local_utc_offset;
    return text;
}

std::string time_of_day(Timestamp time) {
    return short_time_text(time, local_time());
}

Result<void> save(const std::string& path, std::string_view text, const FileRules& rules) {
    FileService* service = rules.service();
    auto file = service != nullptr ? service->create_anew(path) : create_anew(path, rules);
    if (!file) {
        return std::unexpected(file.error());
    }
    FdOutputStream out(*std::move(file), printable(path));
    out.write(text);
    return out.flush();
}

}  // namespace

TopOutput::TopOutput(const OutputContext& context, const FileRules& rules, Patience* patience)
    : model_(context.settings.stat, local_time()),
      controller_(
          model_, context.parse_where,
          [&rules](const std::string& path, std::string_view text) { return save(path, text, rules); },
          time_of_day),
      has_colors_(context.settings.color != ColorMode::never),
      patience_(patience) {}

Result<void> TopOutput::check(Timestamp /*now*/) {
    return is_terminal_there() ? Result<void>()
                               : fail(ErrorKind::usage,
                                      "top needs a terminal: sslsniff stat writes tables to files and pipes");
}

Result<void> TopOutput::open(Timestamp /*now*/) {
    auto terminal = Terminal::open(has_colors_);
    if (!terminal) {
        return std::unexpected(terminal.error());
    }
    terminal_ = *std::move(terminal);
    return {};
}

void TopOutput::tick(Timestamp now) {
    constexpr std::chrono::seconds kNow{2};
    is_live_ = std::chrono::abs(wall_clock() - now) < kNow;
    model_.tick(now);
}

void TopOutput::serve() {
    bool has_changed = Clock::now() - shown_ >= kRedraw;
    if (has_changed && is_live_) {
        model_.tick(wall_clock());
    }
    while (const auto key = terminal_->key()) {
        controller_.press(*key);
        has_changed = true;
    }
    if (has_changed) {
        shown_ = Clock::now();
        terminal_->show(controller_.draw(terminal_->size()));
    }
}

Result<bool> TopOutput::flush() {
    if (terminal_) {
        serve();
    }
    return true;
}

Result<void> TopOutput::finish() {
    while (terminal_ && !controller_.wants_to_quit()) {
        serve();
        if (patience_ == nullptr || !patience_->pause(kPause)) {
            break;
        }
    }
    terminal_.reset();
    return {};
}

std::unique_ptr<Output> make_top_output(const OutputPlace& place, const OutputContext& context) {
    return std::make_unique<TopOutput>(context, place.rules, place.patience);
}

}  // namespace sslsniff
