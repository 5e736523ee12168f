#pragma once

#include <CLI/CLI.hpp>
#include <istream>
#include <string>
#include <string_view>
#include <vector>

namespace sslsniff {

/// Reads TOML (toml.io, version 1.0) for CLI11: the keys are the long names of options without dashes, flags
/// are true or false (verbose: 0 to 2), other options strings or integers, repeatable ones arrays of them
/// too. What the command line has given stands: it replaces the option of the same name, and where it names a
/// target, all targets of the file; an output, all outputs of the file and how they are split; of options
/// that exclude each other, the other one.
class ConfigFile final : public CLI::Config {
  public:
    /// Borrows `app`, whose options count, and `error`: one sentence with the line, when the file cannot be
    /// used. It is not thrown, because --help comes first. `has_command`: the target is a command.
    ConfigFile(const CLI::App& app, std::string& error, bool has_command)
        : app_(app), error_(error), has_command_(has_command) {}

    std::vector<CLI::ConfigItem> from_config(std::istream& input) const override;
    /// Not used: nothing is written.
    std::string to_config(const CLI::App* app, bool defaults, bool descriptions,
                          std::string prefix) const override;

  private:
    bool is_replaced(const std::string& name) const;

    const CLI::App& app_;
    std::string& error_;
    bool has_command_;
};

/// A file may set the option of this long name, without dashes; not for --help, --version and --config.
bool is_configurable(std::string_view name);

}  // namespace sslsniff
