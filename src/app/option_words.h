#pragma once

#include <string>
#include <string_view>
#include <vector>

#include "diagnosis/plan_report.h"
#include "model/names.h"
#include "output/output_settings.h"

namespace sslsniff {

/// --color
inline constexpr Names<ColorMode, 3> kColorModes{
    {{ColorMode::automatic, "auto"}, {ColorMode::always, "always"}, {ColorMode::never, "never"}}};
/// --pcapng-mode
inline constexpr Names<PcapngMode, 3> kPcapngModes{
    {{PcapngMode::automatic, "auto"}, {PcapngMode::tls, "tls"}, {PcapngMode::plain, "plain"}}};

/// -o of doctor and list
inline constexpr Names<ReportFormat, 2> kReportFormats{
    {{ReportFormat::text, "text"}, {ReportFormat::json, "json"}}};

/// The words that an option takes, for completions; empty where it takes others too. `option` is its long
/// name, "--color", `value` what it takes, "WHEN".
std::vector<std::string> words_of(std::string_view option, std::string_view value);

}  // namespace sslsniff
