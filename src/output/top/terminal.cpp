#include "output/top/terminal.h"

#include <clocale>
#include <cwchar>

// Wide characters, and structures that cannot be looked into.
#define NCURSES_WIDECHAR 1
#define NCURSES_NOMACROS 1
#include <fmt/format.h>
#include <langinfo.h>
#include <ncurses.h>
#include <sys/ioctl.h>
#include <unistd.h>

#include <cerrno>
#include <cstdlib>
#include <string>
#include <string_view>

#include "base/system_error.h"
#include "base/text.h"

namespace sslsniff {
namespace {

constexpr short kDefault = -1;
constexpr short kNoPair = 0;

short pair_of(Style style) {
    return static_cast<short>(static_cast<int>(style) + 1);
}

void define_colors() {
    ::start_color();
    ::use_default_colors();
    const auto define = [](Style style, short color) { ::init_pair(pair_of(style), color, kDefault); };
    define(Style::good, COLOR_GREEN);
    define(Style::redirect, COLOR_CYAN);
    define(Style::warning, COLOR_YELLOW);
    define(Style::error, COLOR_RED);
    define(Style::incomplete, COLOR_MAGENTA);
}

attr_t attributes_of(const ScreenText& span) {
    const attr_t reverse = span.is_reverse ? A_REVERSE : A_NORMAL;
    switch (span.style) {
        case Style::bold:
            return reverse | A_BOLD;
        case Style::dim:
            return reverse | A_DIM;
        default:
            return reverse;
    }
}

bool has_color(Style style) {
    return style != Style::plain && style != Style::bold && style != Style::dim;
}

/// Blocks and arrows are UTF-8, whatever language the user speaks.
void choose_locale() {
    std::setlocale(LC_CTYPE, "");
    if (std::string_view(::nl_langinfo(CODESET)) != "UTF-8") {
        std::setlocale(LC_CTYPE, "C.UTF-8");
    }
}

std::optional<Key> key_of(int code) {
    using enum Key::Kind;
    switch (code) {
        case KEY_UP:
            return Key{up};
        case KEY_DOWN:
            return Key{down};
        case KEY_PPAGE:
            return Key{page_up};
        case KEY_NPAGE:
            return Key{page_down};
        case KEY_HOME:
            return Key{first};
        case KEY_END:
            return Key{last};
        case KEY_ENTER:
        case KEY_RIGHT:
            return Key{enter};
        case KEY_LEFT:
            return Key{back};
        case KEY_BACKSPACE:
        case KEY_DC:
            return Key{erase};
        default:
            return std::nullopt;
    }
}

std::optional<Key> key_of_character(wint_t character) {
    constexpr wint_t kBackspace = 8;
    constexpr wint_t kEscape = 27;
    constexpr wint_t kDelete = 127;
    switch (character) {
        case '\n':
        case '\r':
            return Key{Key::Kind::enter};
        case kEscape:
            return Key{Key::Kind::back};
        case kBackspace:
        case kDelete:
            return Key{Key::Kind::erase};
        default:
            break;
    }
    const auto code_point = static_cast<char32_t>(character);
    return is_dangerous(code_point) ? std::nullopt : std::optional(Key{Key::Kind::character, code_point});
}

}  // namespace

bool is_terminal_there() {
    return ::isatty(STDOUT_FILENO) != 0;
}

Result<std::unique_ptr<Terminal>> Terminal::open(bool has_colors) {
    File input;
    if (::isatty(STDIN_FILENO) == 0) {
        input.reset(std::fopen("/dev/tty", "re"));
        if (!input) {
            return fail(ErrorKind::system,
                        fmt::format("there is no terminal to read keys from: {}", error_text(errno)));
        }
    }
    choose_locale();
    const char* const name = std::getenv("TERM");
    SCREEN* const screen = ::newterm(nullptr, stdout, input ? input.get() : stdin);
    if (screen == nullptr) {
        return fail(ErrorKind::usage,
                    fmt::format("nothing is known of the terminal '{}' (TERM): sslsniff stat needs none",
                                printable(name != nullptr ? name : "")));
    }
    return std::unique_ptr<Terminal>(new Terminal(std::move(input), screen, has_colors));
}

Terminal::Terminal(File input, void* screen, bool has_colors)
    : input_(std::move(input)), screen_(screen), has_colors_(has_colors) {
    constexpr int kEscapeDelay = 25;  // ms
    ::set_term(static_cast<SCREEN*>(screen_));
    ::cbreak();
    ::noecho();
    ::nonl();
    ::set_escdelay(kEscapeDelay);
    ::keypad(stdscr, true);
    ::nodelay(stdscr, true);
    has_colors_ = has_colors_ && ::has_colors();
    if (has_colors_) {
        define_colors();
    }
}

Terminal::~Terminal() {
    ::endwin();
    ::delscreen(static_cast<SCREEN*>(screen_));
}

ScreenSize Terminal::size() const {
    winsize window{};
    if (::ioctl(STDOUT_FILENO, TIOCGWINSZ, &window) != 0 || window.ws_row == 0 || window.ws_col == 0) {
        return {static_cast<std::size_t>(::getmaxy(stdscr)), static_cast<std::size_t>(::getmaxx(stdscr))};
    }
    if (window.ws_row != known_.rows || window.ws_col != known_.columns) {
        known_ = {window.ws_row, window.ws_col};
        ::resizeterm(window.ws_row, window.ws_col);
        ::clearok(curscr, true);
    }
    return known_;
}

void Terminal::show(const Screen& screen) {
    const auto [rows, columns] = size();
    ::erase();
    for (std::size_t row = 0; row < std::min(screen.lines.size(), rows); ++row) {
        std::size_t left = columns;
        ::move(static_cast<int>(row), 0);
        for (const ScreenText& span : screen.lines[row]) {
            const std::string text = cut(span.text, left);
            left -= std::min(left, width_of(text));
            const short pair = has_colors_ && has_color(span.style) ? pair_of(span.style) : kNoPair;
            ::attr_set(attributes_of(span), pair, nullptr);
            ::addnstr(text.c_str(), static_cast<int>(text.size()));
        }
    }
    ::attr_set(A_NORMAL, 0, nullptr);
    ::curs_set(screen.cursor ? 1 : 0);
    if (screen.cursor) {
        ::move(static_cast<int>(rows) - 1, static_cast<int>(*screen.cursor));
    }
    ::refresh();
}

std::optional<Key> Terminal::key() {
    wint_t character = 0;
    while (true) {
        const int status = ::get_wch(&character);
        if (status == ERR) {
            return std::nullopt;
        }
        const auto key =
            status == KEY_CODE_YES ? key_of(static_cast<int>(character)) : key_of_character(character);
        if (key) {
            return key;
        }
    }
}

}  // namespace sslsniff
