#include "capture/discovery/probe_site.h"

#include <algorithm>
#include <map>
#include <optional>

#include "capture/discovery/carrying_function.h"

namespace sslsniff {
namespace {

ProbedFunction function_of(const CarryingFunction& carrier, std::string_view symbol) {
    ProbedFunction function;
    function.symbol = symbol;
    function.form = carrier.form;
    function.found_by = carrier.found_by;
    function.is_internal = carrier.symbol.empty();
    function.at_return = carrier.at_return;
    function.best = carrier.best;
    function.plain = carrier.plain;
    return function;
}

/// The form of what is called with the address of a local as an argument; nullptr: none is known.
const CallForm* internal_form(const TlsLibrary& library, ProbeFamily family, const NearCall& call) {
    const auto known = std::ranges::find_if(library.internals, [&](const InternalFunction& internal) {
        return internal.family == family && internal.local_argument == call.stack_argument;
    });
    return known != library.internals.end() ? &known->form : nullptr;
}

/// What X (for its results in a local) and another function of its family both call.
std::optional<CarryingFunction> find_internal(SiteContext& context, ProbeFamily family,
                                              std::span<const CarryingFunction> members) {
    const CarryingFunction& base = members.front();
    for (const NearCall& call : base.calls) {
        const bool shared = std::ranges::any_of(members.subspan(1), [&](const CarryingFunction& other) {
            return other.address != base.address && other.calls_to(call.target);
        });
        const CallForm* const form = shared ? internal_form(context.library, family, call) : nullptr;
        if (form == nullptr) {
            continue;
        }
        CarryingFunction internal;
        internal.address = call.target;
        internal.form = *form;
        internal.with_return = base.with_return;
        find_sites(context, internal, 0);
        if (internal.is_complete && !internal.best.entry.is_stepped) {
            return internal;
        }
    }
    return std::nullopt;
}

/// Where the payload of members[index] passes: the end of its calls within the family.
const CarryingFunction& carrier_of(std::size_t index, std::span<const CarryingFunction> members,
                                   const std::optional<CarryingFunction>& internal) {
    const CarryingFunction* carrier = &members[index];
    for (std::size_t depth = 0; depth < members.size(); ++depth) {
        if (internal && carrier->calls_to(internal->address)) {
            return *internal;
        }
        const auto next = std::ranges::find_if(members, [carrier](const CarryingFunction& other) {
            return other.address != carrier->address && carrier->calls_to(other.address);
        });
        if (next == members.end()) {
            return *carrier;
        }
        carrier = &*next;
    }
    return members[index];  // calls in a circle: no real library
}

/// Each end is a place of its own where something is seen.
void add_ends(const CarryingFunction& carrier, SiteChoice& choice) {
    for (std::size_t i = 0; i < carrier.best.returns.size(); ++i) {
        ProbedFunction function = function_of(carrier, carrier.symbol);
        function.best = {carrier.best.returns[i], {}};
        function.plain = {carrier.plain.returns[i], {}};
        choice.functions.push_back(std::move(function));
    }
}

constexpr std::string_view kNoReturns = "where its calls end cannot be found";

/// One entry for each function in which payload of the family passes.
void choose_family(SiteContext& context, ProbeFamily family, std::span<const CarryingFunction> members,
                   SiteChoice& choice) {
    // Where one public function is cheap at both ends, most calls are.
    const bool stepped = std::ranges::all_of(members, &CarryingFunction::is_stepped);
    const auto internal = stepped ? find_internal(context, family, members) : std::nullopt;
    std::map<std::uint64_t, std::size_t> function_at;  // carrier address → index
    for (std::size_t i = 0; i < members.size(); ++i) {
        const CarryingFunction& member = members[i];
        const CarryingFunction& carrier = carrier_of(i, members, internal);
        if (carrier.form.call == CALL_NONE) {
            continue;
        }
        if (!carrier.is_complete) {
            choice.skipped.push_back({std::string(member.symbol), std::string(kNoReturns)});
            continue;
        }
        const std::string_view symbol = carrier.symbol.empty() ? member.symbol : carrier.symbol;
        const auto [known, is_new] = function_at.emplace(carrier.address, choice.functions.size());
        if (is_new) {
            choice.functions.push_back(function_of(carrier, symbol));
        }
        ProbedFunction& function = choice.functions[known->second];
        if (function.symbol != member.symbol) {
            function.covers.emplace_back(member.symbol);
        }
    }
}

/// Payload that is seen record by record is not copied when the calls end.
void add_record_sites(SiteContext& context, SiteChoice& choice) {
    for (ProbedFunction& site : context.code->record_sites()) {
        const tls_call call = site.form.call == CALL_RECORD_READ ? CALL_READ : CALL_WRITE;
        for (ProbedFunction& function : choice.functions) {
            if (function.form.call == call) {
                function.form.flags |= SITE_BY_RECORDS;
                function.at_return.reset();
            }
        }
        choice.functions.push_back(std::move(site));
    }
}

}  // namespace

SiteChoice choose_sites(const ElfImage& image, const ElfSymbols& symbols, const TlsLibrary& library,
                        std::span<const WantedFunction> wanted) {
    auto code = library.code != nullptr ? library.code(image, symbols) : nullptr;
    ElfSymbols known = symbols;
    if (code) {
        known.merge(code->functions());
    }
    SiteContext context{image, known, library, std::move(code)};
    SiteChoice choice;
    std::map<ProbeFamily, std::vector<CarryingFunction>> families;
    for (const WantedFunction& function : wanted) {
        const auto symbol = context.symbols.find(function.symbol);
        if (symbol == context.symbols.end()) {
            choice.skipped.push_back({std::string(function.symbol), "not defined in this file"});
        } else {
            families[function.family].push_back(inspect(context, function, symbol->second));
        }
    }
    for (const auto& [family, members] : families) {
        if (moves_bytes(family)) {
            choose_family(context, family, members, choice);
            continue;
        }
        for (const CarryingFunction& member : members) {
            if (member.is_complete && member.form.is_seen_at_end) {
                add_ends(member, choice);
            } else if (member.is_complete) {
                choice.functions.push_back(function_of(member, member.symbol));
            } else {
                choice.skipped.push_back({std::string(member.symbol), std::string(kNoReturns)});
            }
        }
    }
    if (context.code && families.contains(ProbeFamily::read)) {
        add_record_sites(context, choice);
    }
    return choice;
}

}  // namespace sslsniff
