#pragma once

#include <algorithm>
#include <cstdint>
#include <map>
#include <memory>
#include <optional>
#include <string>
#include <string_view>
#include <vector>

#include "capture/discovery/attach_plan.h"
#include "capture/discovery/elf_image.h"
#include "capture/discovery/elf_relocations.h"
#include "capture/discovery/function_flow.h"
#include "capture/discovery/library.h"
#include "capture/discovery/machine_code.h"

/// One function at a time: where its calls begin and end, and whom it calls. Which functions are probed is
/// decided elsewhere (probe_site.h).
namespace sslsniff {

/// What is known of an image while its sites are chosen.
struct SiteContext {
    const ElfImage& image;
    const ElfSymbols& symbols;
    const TlsLibrary& library;
    std::unique_ptr<LibraryCode> code{};  ///< null: nothing is known
    std::optional<std::map<std::uint64_t, std::string>> slots{};
    std::map<std::uint64_t, FunctionFlow> flows{};

    /// Several functions end in the same one.
    const FunctionFlow& flow(std::uint64_t address, std::uint64_t size = 0) {
        const auto known = flows.find(address);
        return known != flows.end() ? known->second
                                    : flows.emplace(address, flow_of(image, address, size)).first->second;
    }

    /// Read when the first is asked for: programs have megabytes of relocations.
    std::string_view name_of_slot(std::uint64_t address) {
        if (!slots) {
            slots = function_slots(image);
        }
        const auto found = slots->find(address);
        return found != slots->end() ? std::string_view(found->second) : std::string_view();
    }
};

/// A function in which payload passes: a public one or the internal one that several share.
struct CarryingFunction {
    std::uint64_t address = 0;
    std::string_view symbol;  ///< empty for an internal one
    CallForm form;
    FoundBy found_by = FoundBy::code;
    bool with_return = true;
    CallSites best;
    CallSites plain;
    std::optional<CallForm> at_return{};
    bool is_complete = true;  ///< false: not all of its returns are known
    std::vector<NearCall> calls;

    bool calls_to(std::uint64_t target) const {
        return std::ranges::find(calls, target, &NearCall::target) != calls.end();
    }
    bool is_stepped() const {
        return best.entry.is_stepped || std::ranges::any_of(best.returns, &ProbeSite::is_stepped);
    }
};

/// Finds where its calls begin and end: CarryingFunction::best and plain, is_complete. `size`: of the
/// function, 0 when unknown.
void find_sites(SiteContext& context, CarryingFunction& carrier, std::uint64_t size);

/// The carrier that a wanted function is; of those that move bytes also whom it calls.
CarryingFunction inspect(SiteContext& context, const WantedFunction& wanted, const ElfSymbol& symbol);

/// Where calls of a function with this form begin; `flow` is that of the function at `address`, and not
/// empty.
ProbeSite entry_of(const ElfImage& image, const FunctionFlow& flow, std::uint64_t address,
                   const CallForm& form);

}  // namespace sslsniff
