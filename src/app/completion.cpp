#include "app/completion.h"

namespace sslsniff {

std::string completion_script(Shell shell, std::span<const CommandTable> tables) {
    switch (shell) {
        case Shell::bash:
            return bash_completion(tables);
        case Shell::zsh:
            return zsh_completion(tables);
        case Shell::fish:
            return fish_completion(tables);
    }
    return {};
}

std::string shell_quoted(std::string_view text) {
    std::string quoted = "'";
    for (const char c : text) {
        quoted += c == '\'' ? std::string("'\\''") : std::string(1, c);
    }
    return quoted + "'";
}

}  // namespace sslsniff
