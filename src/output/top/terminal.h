#pragma once

#include <cstdio>
#include <memory>
#include <optional>

#include "base/result.h"
#include "output/top/screen.h"

namespace sslsniff {

/// The terminal of standard output, by ncurses: shows screens, and reads keys. There may be one of them.
class Terminal {
  public:
    /// Takes the terminal: what was on it comes back when this is destroyed. Keys come from standard input,
    /// or from the controlling terminal when that is something else.
    static Result<std::unique_ptr<Terminal>> open(bool has_colors);
    Terminal(const Terminal&) = delete;
    Terminal& operator=(const Terminal&) = delete;
    ~Terminal();

    /// As it is by now.
    ScreenSize size() const;
    void show(const Screen& screen);
    /// The next key that was pressed; never waits.
    std::optional<Key> key();

  private:
    struct Closer {
        void operator()(std::FILE* file) const { std::fclose(file); }
    };
    using File = std::unique_ptr<std::FILE, Closer>;

    Terminal(File input, void* screen, bool has_colors);

    File input_;    ///< null: standard input
    void* screen_;  ///< SCREEN of ncurses, whose header defines too many names
    bool has_colors_;
    mutable ScreenSize known_;
};

/// Whether Terminal::open() may work: standard output is a terminal.
bool is_terminal_there();

}  // namespace sslsniff
