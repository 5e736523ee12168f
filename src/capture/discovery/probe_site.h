#pragma once

#include <span>
#include <vector>

#include "capture/discovery/attach_plan.h"
#include "capture/discovery/elf_image.h"
#include "capture/discovery/library.h"

namespace sslsniff {

/// Where the wanted functions of one image are probed, and which are not and why.
struct SiteChoice {
    std::vector<ProbedFunction> functions;
    std::vector<SkippedSymbol> skipped;
};

/// `symbols`: what find_functions() found of the wanted ones and of those that `library` names at least.
/// `wanted`: calls or transports of `library`.
/// Chooses by decoding, never by version. Of functions that move the same payload, the last one called is
/// probed; one of the library's internal functions (InternalFunction) where the public ones are
/// single-stepped.
///
/// Calls begin at the first instruction that the kernel emulates and that every call passes before the
/// arguments change, else at the very first; they end at the check of the stack protector before a return,
/// which the kernel emulates, else at the return, in the function itself or in those it jumps to. A function
/// whose returns are not all found is not probed.
SiteChoice choose_sites(const ElfImage& image, const ElfSymbols& symbols, const TlsLibrary& library,
                        std::span<const WantedFunction> wanted);

}  // namespace sslsniff
