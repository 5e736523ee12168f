#include "output/top/top_controller.h"

#include <fmt/format.h>

#include <algorithm>
#include <utility>

#include "base/text.h"

namespace sslsniff {
namespace {

constexpr std::size_t kLongestPrompt = 1000;

std::string utf8(char32_t character) {
    const auto value = static_cast<std::uint32_t>(character);
    const auto byte = [](std::uint32_t bits) { return static_cast<char>(bits); };
    if (value < 0x80) {
        return {byte(value)};
    }
    const char last = byte(0x80U | (value & 0x3FU));
    const char middle = byte(0x80U | (value >> 6U & 0x3FU));
    if (value < 0x800) {
        return {byte(0xC0U | value >> 6U), last};
    }
    if (value < 0x10000) {
        return {byte(0xE0U | value >> 12U), middle, last};
    }
    return {byte(0xF0U | value >> 18U), byte(0x80U | (value >> 12U & 0x3FU)), middle, last};
}

void erase_last(std::string& text) {
    if (!text.empty()) {
        text.pop_back();
        text.resize(without_cut_code_point(text));
    }
}

struct SavedText {
    std::string text;
    std::size_t count = 0;  ///< transactions in it
};

SavedText as_lines(const std::vector<KeptPointer>& chosen) {
    SavedText saved;
    for (const KeptPointer& kept : chosen) {
        saved.text += kept->json;
        ++saved.count;
    }
    return saved;
}

SavedText as_archive(const std::vector<KeptPointer>& chosen) {
    SavedText saved{std::string(HarSink::kHead)};
    for (const KeptPointer& kept : chosen) {
        if (!kept->har.empty()) {
            saved.text += saved.count == 0 ? "\n" : ",\n";
            saved.text += kept->har;
            ++saved.count;
        }
    }
    saved.text += HarSink::kTail;
    return saved;
}

}  // namespace

TopController::TopController(TopModel& model, ParseWhere parse_where, Save save, Clock clock)
    : model_(model), parse_where_(std::move(parse_where)), save_(std::move(save)), clock_(std::move(clock)) {
    state_.depth = all_columns();
}

void TopController::press(Key key) {
    state_.message.clear();
    if (std::exchange(state_.shows_help, false)) {
        return;
    }
    if (state_.prompt) {
        press_in_prompt(key);
    } else {
        press_in_table(key);
    }
}

void TopController::press_in_prompt(Key key) {
    std::string& text = state_.prompt->text;
    switch (key.kind) {
        case Key::Kind::character:
            if (text.size() < kLongestPrompt) {
                text += utf8(key.character);
            }
            break;
        case Key::Kind::erase:
            erase_last(text);
            break;
        case Key::Kind::enter:
            finish_prompt();
            break;
        case Key::Kind::back:
            state_.prompt.reset();
            break;
        default:
            break;
    }
}

void TopController::finish_prompt() {
    const TopPrompt prompt = *std::exchange(state_.prompt, std::nullopt);
    if (prompt.kind == TopPrompt::Kind::where) {
        set_where(prompt.text);
    } else if (!prompt.text.empty()) {
        save(prompt.text);
    }
}

void TopController::press_in_table(Key key) {
    const auto page = static_cast<std::ptrdiff_t>(page_);
    switch (key.kind) {
        case Key::Kind::character:
            press_character(key.character);
            break;
        case Key::Kind::up:
            move(-1);
            break;
        case Key::Kind::down:
            move(1);
            break;
        case Key::Kind::page_up:
            move(-page);
            break;
        case Key::Kind::page_down:
            move(page);
            break;
        case Key::Kind::first:
            move(-static_cast<std::ptrdiff_t>(rows()));
            break;
        case Key::Kind::last:
            move(static_cast<std::ptrdiff_t>(rows()));
            break;
        case Key::Kind::enter:
            enter();
            break;
        case Key::Kind::back:
        case Key::Kind::erase:
            leave();
            break;
    }
}

void TopController::press_character(char32_t character) {
    switch (character) {
        case 'q':
            quits_ = true;
            break;
        case '?':
        case 'h':
            state_.shows_help = true;
            break;
        case '<':
        case '>':
            change_sort(character == '>');
            break;
        case 'r':
            state_.is_ascending = !state_.is_ascending;
            break;
        case 'w':
            state_.span = state_.span == TopSpan::recent ? TopSpan::all : TopSpan::recent;
            break;
        case 'p':
        case ' ':
            toggle_pause();
            break;
        case 'f':
            state_.follows = !state_.follows;
            break;
        case 'z':
            model_.clear();
            to_top();
            break;
        case '/':
            state_.prompt = {TopPrompt::Kind::where, state_.where};
            break;
        case 's':
            state_.prompt = {TopPrompt::Kind::save, "sslsniff.jsonl"};
            break;
        default:
            if (character >= '1' && character <= '9' && state_.level == TopLevel::groups) {
                show_columns(static_cast<std::size_t>(character - '0'));
            }
            break;
    }
}

void TopController::toggle_pause() {
    state_.is_paused = !state_.is_paused;
}

void TopController::show_columns(std::size_t count) {
    state_.depth = std::clamp(count, std::min(state_.path.size() + 1, all_columns()), all_columns());
    to_top();
}

void TopController::change_sort(bool forward) {
    const auto now = static_cast<std::size_t>(state_.sort);
    state_.sort = static_cast<TopSort>((now + (forward ? 1 : kTopSorts - 1)) % kTopSorts);
    state_.is_ascending = state_.sort == TopSort::name;
}

void TopController::to_top() {
    state_.selected = state_.first = 0;
}

std::size_t TopController::rows() const {
    switch (state_.level) {
        case TopLevel::groups:
            return rows_.size();
        case TopLevel::transactions:
            return kept_.size();
        case TopLevel::details:
            break;
    }
    return looked_at_ ? looked_at_->details.size() : 0;
}

void TopController::move(std::ptrdiff_t rows) {
    const auto count = static_cast<std::ptrdiff_t>(this->rows());
    if (state_.level == TopLevel::details) {  // nothing is selected there
        const std::ptrdiff_t last = std::max<std::ptrdiff_t>(0, count - static_cast<std::ptrdiff_t>(page_));
        state_.first = static_cast<std::size_t>(
            std::clamp<std::ptrdiff_t>(static_cast<std::ptrdiff_t>(state_.first) + rows, 0, last));
        return;
    }
    const auto selected = std::clamp<std::ptrdiff_t>(static_cast<std::ptrdiff_t>(state_.selected) + rows, 0,
                                                     std::max<std::ptrdiff_t>(0, count - 1));
    state_.selected = static_cast<std::size_t>(selected);
    state_.follows = state_.level == TopLevel::transactions && selected + 1 == count;
}

std::vector<std::string> TopController::selected_path() const {
    const bool is_row = state_.level == TopLevel::groups && state_.selected < rows_.size();
    return is_row ? rows_[state_.selected].values : state_.path;
}

void TopController::enter() {
    if (state_.level == TopLevel::groups && state_.selected < rows_.size()) {
        state_.path = selected_path();
        if (state_.depth < all_columns()) {
            ++state_.depth;
        } else {
            state_.level = TopLevel::transactions;
            state_.follows = true;
        }
        state_.is_paused = false;
        to_top();
    } else if (state_.level == TopLevel::transactions && state_.selected < kept_.size()) {
        looked_at_ = kept_[state_.selected];
        state_.level = TopLevel::details;
        state_.first = 0;
    }
}

/// The way back is the way in: first the transaction, then the group, then one column after another.
void TopController::leave() {
    switch (state_.level) {
        case TopLevel::details:
            state_.level = TopLevel::transactions;
            state_.first = 0;
            return;
        case TopLevel::transactions:
            state_.level = TopLevel::groups;
            break;
        case TopLevel::groups:
            if (state_.path.empty()) {
                return;
            }
            --state_.depth;
            break;
    }
    // Of the columns that are shown now, the last one was the row that was entered.
    state_.path.resize(std::min(state_.path.size(), state_.depth) - 1);
    to_top();
}

void TopController::set_where(const std::string& expression) {
    if (expression.empty()) {
        model_.set_filter(std::nullopt);
    } else {
        auto filter = parse_where_(expression);
        if (!filter) {
            state_.message = filter.error().message;
            return;
        }
        model_.set_filter(*std::move(filter));
    }
    state_.where = expression;
    state_.is_paused = false;
    to_top();
}

void TopController::save(const std::string& path) {
    if (path.ends_with(".pcap") || path.ends_with(".pcapng")) {
        state_.message =
            "what passed is not kept: start top with -w FILE for that; .har and .jsonl can be saved";
        return;
    }
    const auto chosen =
        state_.level == TopLevel::details ? std::vector{looked_at_} : model_.kept().with(selected_path());
    const SavedText text = path.ends_with(".har") ? as_archive(chosen) : as_lines(chosen);
    const auto saved = save_(path, text.text);
    state_.message =
        saved ? fmt::format("{} transaction{} saved to {}", text.count, text.count == 1 ? "" : "s", path)
              : saved.error().message;
    if (saved && text.count < chosen.size()) {
        state_.message +=
            fmt::format("; {} that are not HTTP have no place in it", chosen.size() - text.count);
    }
}

void TopController::take_from_model() {
    totals_.time = model_.now() ? clock_(*model_.now()) : "--:--:--";
    totals_.transactions = model_.table().transactions();
    totals_.connections = model_.open_connections();
    totals_.lost = model_.lost_events();
    totals_.has_ended = model_.has_ended();
    rows_ = model_.table().rows(state_.path, state_.depth, state_.span);
    sort_rows(rows_, state_);
    totals_.rate = 0;
    for (const TopRow& row : rows_) {
        totals_.rate += row.rate;
    }
    if (state_.level == TopLevel::transactions) {
        kept_ = model_.kept().with(state_.path);
        if (state_.follows && !kept_.empty()) {
            state_.selected = kept_.size() - 1;
        }
    }
}

void TopController::keep_selected_in_sight(std::size_t lines) {
    const std::size_t count = rows();
    page_ = lines;
    if (state_.level != TopLevel::details) {
        state_.selected = std::min(state_.selected, count > 0 ? count - 1 : 0);
        state_.first = std::min(state_.first, state_.selected);
        state_.first = std::max(state_.first + lines, state_.selected + 1) - lines;
    }
    state_.first = std::min(state_.first, count > lines ? count - lines : 0);
}

Screen TopController::draw(ScreenSize size) {
    if (!state_.is_paused) {
        take_from_model();
    }
    keep_selected_in_sight(rows_of(size));
    if (state_.shows_help) {
        return help_screen(size);
    }
    switch (state_.level) {
        case TopLevel::groups:
            return groups_screen(totals_, state_, model_.table().columns(), rows_, size);
        case TopLevel::transactions:
            return transactions_screen(totals_, state_, kept_, size);
        case TopLevel::details:
            break;
    }
    return details_screen(totals_, state_, *looked_at_, size);
}

}  // namespace sslsniff
