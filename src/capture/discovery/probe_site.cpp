#include "capture/discovery/probe_site.h"

#include <algorithm>
#include <map>
#include <optional>

#include "capture/discovery/machine_code.h"

namespace sslsniff {
namespace {

/// The functions that lead to payload have some hundred octets; a hostile symbol size must not cost time.
constexpr std::uint64_t kMaxFunction = 4096;
constexpr std::uint64_t kUnsizedFunction = 1024;
/// The longest instruction of x86 behind endbr64.
constexpr std::size_t kEntryCode = 15 + 4;

constexpr std::size_t kPltEntry = 16;

struct Entry {
    std::uint64_t address = 0;
    SiteKind kind = SiteKind::entry_stepped;
};

/// The best place at the beginning of the function at `address`.
Entry entry_of(const ElfImage& image, std::uint64_t address) {
    const Bytes code = image.code(address, kEntryCode);
    const std::size_t skip = endbr64_size(image.machine(), code);
    if (!is_emulated(image.machine(), ByteView(code).substr(skip))) {
        return {address, SiteKind::entry_stepped};
    }
    return {address + skip, skip != 0 ? SiteKind::after_endbr64 : SiteKind::entry};
}

/// A function in which payload passes: a public one or the internal one that several share.
struct Carrier {
    std::uint64_t address = 0;
    Entry entry;
    tls_function function = TLS_FN_NONE;
    std::string_view symbol;  ///< empty for an internal one
    bool with_return = true;
    std::vector<NearCall> calls;

    bool calls_to(std::uint64_t target) const {
        return std::ranges::find(calls, target, &NearCall::target) != calls.end();
    }
};

/// What is known of an image while its sites are chosen.
struct Context {
    const ElfImage& image;
    const ElfSymbols& symbols;
    std::optional<std::map<std::uint64_t, std::string>> slots{};

    /// Read when the first is asked for: programs have megabytes of relocations.
    std::string_view name_of_slot(std::uint64_t address) {
        if (!slots) {
            slots = image.function_slots();
        }
        const auto found = slots->find(address);
        return found != slots->end() ? std::string_view(found->second) : std::string_view();
    }
};

/// Where a call really goes: calls through the procedure linkage table to the function of that name here (a
/// libssl that is not linked with -Bsymbolic calls its own public functions so). 0 when that is elsewhere.
std::uint64_t resolve(Context& context, std::uint64_t target) {
    const ElfImage& image = context.image;
    if (!image.in_plt(target)) {
        return image.file_offset(target) ? target : 0;
    }
    const auto slot = plt_slot(image.machine(), image.code(target, kPltEntry), target);
    const auto symbol = slot ? context.symbols.find(context.name_of_slot(*slot)) : context.symbols.end();
    return symbol != context.symbols.end() ? symbol->second.address : 0;
}

Carrier inspect(Context& context, const WantedFunction& wanted, const ElfSymbol& symbol) {
    const ElfImage& image = context.image;
    Carrier carrier{symbol.address,     entry_of(image, symbol.address),
                    wanted.function,    wanted.symbol,
                    wanted.with_return, {}};
    if (!moves_payload(wanted.family)) {
        return carrier;
    }
    const std::uint64_t size = symbol.size != 0 ? symbol.size : kUnsizedFunction;
    Bytes code = image.code(symbol.address, static_cast<std::size_t>(std::min(size, kMaxFunction)));
    if (symbol.size == 0) {
        code.resize(first_return(image.machine(), code));
    }
    carrier.calls = near_calls(image.machine(), code, symbol.address);
    for (NearCall& call : carrier.calls) {
        call.target = resolve(context, call.target);
    }
    std::erase_if(carrier.calls, [](const NearCall& call) { return call.target == 0; });
    return carrier;
}

ProbeSite site_at(const ElfImage& image, const Carrier& carrier, std::string_view symbol) {
    ProbeSite site;
    site.function = carrier.function;
    site.symbol = symbol;
    site.file_offset = *image.file_offset(carrier.entry.address);
    site.kind = carrier.symbol.empty() ? SiteKind::internal : carrier.entry.kind;
    site.with_return = carrier.with_return;
    return site;
}

/// What X (for its results in a local) and another function of its family both call.
std::optional<Carrier> find_internal(const ElfImage& image, ProbeFamily family,
                                     std::span<const Carrier> members) {
    constexpr unsigned kFlagsForm = 5;  // flags are the 4th argument, the result goes to the 5th
    const Carrier& base = members.front();
    for (const NearCall& call : base.calls) {
        const bool shared = std::ranges::any_of(members.subspan(1), [&](const Carrier& other) {
            return other.address != base.address && other.calls_to(call.target);
        });
        if (!shared || !call.stack_argument) {
            continue;
        }
        const Entry entry = entry_of(image, call.target);
        const tls_function function = internal_function(family, *call.stack_argument == kFlagsForm);
        if (entry.kind != SiteKind::entry_stepped && function != TLS_FN_NONE) {
            return Carrier{call.target, entry, function, {}, true, {}};
        }
    }
    return std::nullopt;
}

/// Where the payload of members[index] passes: the end of its calls within the family.
const Carrier& carrier_of(std::size_t index, std::span<const Carrier> members,
                          const std::optional<Carrier>& internal) {
    const Carrier* carrier = &members[index];
    for (std::size_t depth = 0; depth < members.size(); ++depth) {
        if (internal && carrier->calls_to(internal->address)) {
            return *internal;
        }
        const auto next = std::ranges::find_if(members, [carrier](const Carrier& other) {
            return other.address != carrier->address && carrier->calls_to(other.address);
        });
        if (next == members.end()) {
            return *carrier;
        }
        carrier = &*next;
    }
    return members[index];  // calls in a circle: no real library
}

/// One site for each function in which payload of the family passes.
void choose_family(const ElfImage& image, ProbeFamily family, std::span<const Carrier> members,
                   std::vector<ProbeSite>& sites) {
    const bool stepped = std::ranges::any_of(
        members, [](const Carrier& member) { return member.entry.kind == SiteKind::entry_stepped; });
    const auto internal = stepped ? find_internal(image, family, members) : std::nullopt;
    std::map<std::uint64_t, std::size_t> site_of;  // carrier address → index
    for (std::size_t i = 0; i < members.size(); ++i) {
        const Carrier& member = members[i];
        const Carrier& carrier = carrier_of(i, members, internal);
        if (carrier.function == TLS_FN_NONE) {
            continue;
        }
        const std::string_view symbol = carrier.symbol.empty() ? member.symbol : carrier.symbol;
        const auto [known, is_new] = site_of.emplace(carrier.address, sites.size());
        if (is_new) {
            sites.push_back(site_at(image, carrier, symbol));
        }
        ProbeSite& site = sites[known->second];
        if (site.symbol != member.symbol) {
            site.covers.emplace_back(member.symbol);
        }
    }
}

}  // namespace

SiteChoice choose_sites(const ElfImage& image, const ElfSymbols& symbols,
                        std::span<const WantedFunction> wanted) {
    Context context{image, symbols};
    SiteChoice choice;
    std::map<ProbeFamily, std::vector<Carrier>> families;
    for (const WantedFunction& function : wanted) {
        const auto symbol = context.symbols.find(function.symbol);
        if (symbol == context.symbols.end()) {
            choice.misses_required = choice.misses_required || function.required;
            choice.skipped.push_back({std::string(function.symbol), "not defined in this file"});
        } else {
            families[function.family].push_back(inspect(context, function, symbol->second));
        }
    }
    for (const auto& [family, members] : families) {
        if (moves_payload(family)) {
            choose_family(image, family, members, choice.sites);
        } else {
            std::ranges::transform(members, std::back_inserter(choice.sites), [&](const Carrier& member) {
                return site_at(image, member, member.symbol);
            });
        }
    }
    return choice;
}

}  // namespace sslsniff
