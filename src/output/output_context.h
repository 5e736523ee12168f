#pragma once

#include <functional>
#include <memory>
#include <optional>
#include <string_view>

#include "base/patience.h"
#include "capture/event_source.h"
#include "capture/origin.h"
#include "filter/where_filter.h"
#include "model/dissector_traits.h"
#include "output/files/output_file.h"
#include "output/output_settings.h"

namespace sslsniff {

/// Where an output is to be, and what holds for all files together. Borrows both; `patience` may be null.
struct OutputPlace {
    OutputFile::Options options;
    FileRules& rules;
    Patience* patience;
    std::unique_ptr<OutputFile> make_file() const {
        return std::make_unique<OutputFile>(options, rules, patience);
    }
};

/// What outputs are made with: the settings, and what only those know who put the parts together.
struct OutputContext {
    OutputSettings settings;
    std::function<Origin()> origin;                        ///< where the events come from; asked once they do
    std::function<std::optional<BufferUse>()> buffer;      ///< what waits there now
    std::function<std::optional<AttacherUse>()> attacher;  ///< what the process with the probes takes
    std::function<std::vector<MapUse>()> maps;             ///< how full the kernel side's maps are; slow
    Dissectors dissectors;                                 ///< for files that Wireshark is to dissect
    /// Understands an expression of --where, for outputs in which one can be typed.
    std::function<Result<WhereFilter>(std::string_view)> parse_where;
};

}  // namespace sslsniff
