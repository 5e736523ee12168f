#pragma once

#include <span>
#include <string>

namespace sslsniff {

/// The whole program: takes the arguments after its name, returns its exit status. 0: all is well; 1: it
/// could not do what it was told; 2: wrong usage; with a command, the command's own.
int run(std::span<const std::string> arguments);

}  // namespace sslsniff
