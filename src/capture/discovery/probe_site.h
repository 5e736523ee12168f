#pragma once

#include <span>
#include <vector>

#include "capture/discovery/attach_plan.h"
#include "capture/discovery/elf_image.h"
#include "capture/discovery/probe_table.h"

namespace sslsniff {

/// Where the wanted functions of one image are probed, and which are not and why.
struct SiteChoice {
    std::vector<ProbeSite> sites;
    std::vector<SkippedSymbol> skipped;
    bool misses_required = false;  ///< the API is not there
};

/// `symbols`: what find_functions() found of the wanted ones at least.
/// Chooses by decoding, never by version. Per function, the first that holds:
///  - its payload all passes another site of its family (it calls that function): covered there;
///  - its first instruction, behind endbr64 if any, is emulated by the kernel: probed there;
///  - X and X_ex call one internal function whose first instruction is emulated, and X hands it the address
///  of
///    a local as its 4th or 5th argument: that function is probed for both;
///  - else its first instruction, single-stepped.
SiteChoice choose_sites(const ElfImage& image, const ElfSymbols& symbols,
                        std::span<const WantedFunction> wanted);

}  // namespace sslsniff
