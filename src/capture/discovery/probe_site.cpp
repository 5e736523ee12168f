#include "capture/discovery/probe_site.h"

#include <algorithm>
#include <array>
#include <map>
#include <memory>
#include <optional>
#include <set>

#include "capture/discovery/function_flow.h"
#include "capture/discovery/machine_code.h"

namespace sslsniff {
namespace {

/// The functions that lead to payload have some hundred bytes; a hostile symbol size must not cost time.
constexpr std::uint64_t kMaxFunction = 4096;
constexpr std::uint64_t kUnsizedFunction = 1024;
constexpr std::size_t kPltEntry = 16;
constexpr int kMaxTailCalls = 4;

/// What is known of an image while its sites are chosen.
struct Context {
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

ProbeSite site_at(const ElfImage& image, const FlowStep& step) {
    ProbeSite site;
    site.address = step.address;
    site.file_offset = image.file_offset(step.address).value_or(0);
    site.stack = step.stack.value_or(0);
    site.is_stepped = !step.is_emulated;
    site.instruction = step.mnemonic;
    return site;
}

/// The registers that a probe at the function's beginning reads, a bit each, by x86 numbers.
std::uint32_t registers_of(const CallForm& form) {
    static constexpr std::array kArguments{x86::kRdi, x86::kRsi, x86::kRdx, x86::kRcx, x86::kR8, x86::kR9};
    std::uint32_t registers = 0;
    for (const CallValue& value : {form.handle, form.buffer, form.length, form.moved, form.type}) {
        const unsigned place = value.place & ~static_cast<unsigned>(PLACE_IN_MEMORY);
        if (place >= PLACE_REGISTER) {
            registers |= 1U << (place - PLACE_REGISTER);
        } else if (place != PLACE_NONE) {
            registers |= 1U << kArguments.at(place - 1);
        }
    }
    return registers;
}

/// The instruction behind the first call that the function makes, if it is reached in no other way.
const FlowStep* behind_first_call(const FunctionFlow& flow, std::uint64_t function) {
    auto step = std::ranges::find(flow.steps, function, &FlowStep::address);
    std::uint64_t address = function;
    for (bool was_call = false; step != flow.steps.end() && step->address == address; ++step) {
        const bool is_joined = step->is_target && address != function;
        if (was_call) {
            return step->stack && !is_joined ? &*step : nullptr;
        }
        if (step->is_jump || is_joined) {
            break;
        }
        was_call = step->is_call;
        address = step->end();
    }
    return nullptr;
}

/// The first emulated instruction that every call passes while the arguments are where they came.
const FlowStep* cheap_entry(const FunctionFlow& flow, std::uint64_t address, const CallForm& form) {
    auto step = std::ranges::find(flow.steps, address, &FlowStep::address);
    for (bool is_first = true; step != flow.steps.end(); ++step, is_first = false) {
        if (step->address != address || (step->is_target && !is_first) || !step->stack) {
            break;
        }
        if (step->is_emulated && !step->is_target) {
            return &*step;
        }
        if (step->is_call || step->is_jump || (step->writes & registers_of(form)) != 0) {
            break;
        }
        address = step->end();
    }
    return nullptr;
}

/// Before the return at `steps[index]`, the jump that checks the stack protector's canary, if every way to
/// this return passes it with the result in place: the kernel emulates it, but single-steps a return.
const FlowStep* cheap_return(std::span<const FlowStep> steps, std::size_t index) {
    for (std::size_t i = index; i > 0 && !steps[i].is_target; --i) {
        const FlowStep& before = steps[i - 1];
        if (before.end() != steps[i].address || before.is_jump || before.is_call ||
            (before.writes & 1U << x86::kRax) != 0) {
            break;
        }
        const bool is_check = before.is_emulated && before.stack && i > 1 && !before.is_target &&
                              steps[i - 2].end() == before.address && steps[i - 2].checks_canary;
        if (is_check) {
            return &before;
        }
    }
    return nullptr;
}

/// The ways out of a function that are found, and whether these are all.
class ReturnFinder {
  public:
    ReturnFinder(Context& context, tls_call call) : context_(context), call_(call) {}

    /// Adds the returns of the function that `flow` is of.
    void add(const FunctionFlow& flow, int depth = 0) {
        is_complete = is_complete && flow.is_complete && depth <= kMaxTailCalls;
        if (depth > kMaxTailCalls) {
            return;
        }
        for (const std::uint64_t address : flow.returns) {
            const auto step = std::ranges::lower_bound(flow.steps, address, {}, &FlowStep::address);
            const auto index = static_cast<std::size_t>(step - flow.steps.begin());
            const FlowStep* const cheap = cheap_return(flow.steps, index);
            put(best, site_at(context_.image, cheap != nullptr ? *cheap : *step));
            put(plain, site_at(context_.image, *step));
        }
        for (const std::uint64_t target : flow.linkage_jumps) {
            follow(resolve(context_, target), depth);
        }
        for (const IndirectTailJump& jump : flow.indirect_jumps) {
            const auto targets =
                context_.code ? context_.code->targets_of(jump, call_) : std::vector<std::uint64_t>();
            is_complete = is_complete && !targets.empty();
            for (const std::uint64_t target : targets) {
                follow(target, depth);
            }
        }
    }

    std::vector<ProbeSite> best;
    std::vector<ProbeSite> plain;
    bool is_complete = true;

  private:
    static void put(std::vector<ProbeSite>& sites, ProbeSite site) {
        if (std::ranges::find(sites, site.address, &ProbeSite::address) == sites.end()) {
            sites.push_back(std::move(site));
        }
    }
    void follow(std::uint64_t target, int depth) {
        is_complete = is_complete && target != 0;
        if (target != 0 && followed_.insert(target).second) {
            add(context_.flow(target), depth + 1);
        }
    }

    Context& context_;
    tls_call call_;
    std::set<std::uint64_t> followed_;
};

/// A function in which payload passes: a public one or the internal one that several share.
struct Carrier {
    std::uint64_t address = 0;
    std::string_view symbol;  ///< empty for an internal one
    CallForm form;
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

void find_sites(Context& context, Carrier& carrier, std::uint64_t size) {
    const FunctionFlow& flow = context.flow(carrier.address, size);
    if (flow.steps.empty()) {
        carrier.is_complete = false;
        return;
    }
    const bool looks_up = carrier.form.looks_up_handle;
    const auto first = std::ranges::find(flow.steps, carrier.address, &FlowStep::address);
    const FlowStep* const behind = looks_up ? behind_first_call(flow, carrier.address) : nullptr;
    if (looks_up && behind == nullptr) {
        carrier.is_complete = false;
        return;
    }
    carrier.best.entry = looks_up ? site_at(context.image, *behind)
                                  : entry_of(context.image, flow, carrier.address, carrier.form);
    // behind endbr64, say
    const bool is_plain = looks_up || carrier.best.entry.stack == 0;
    carrier.plain.entry = is_plain ? carrier.best.entry : site_at(context.image, *first);
    if (context.code) {
        carrier.at_return = context.code->at_return(carrier.address, flow, carrier.form);
    }
    if (carrier.with_return) {
        ReturnFinder finder(context, carrier.form.call);
        finder.add(flow);
        // An end that is missed costs payload its bytes, others no more than a detail.
        const bool may_miss_some = carrier.form.call >= CALL_HANDSHAKE && carrier.form.call <= CALL_ALPN;
        carrier.is_complete = !finder.best.empty() && (finder.is_complete || may_miss_some);
        carrier.best.returns = std::move(finder.best);
        carrier.plain.returns = std::move(finder.plain);
    }
}

Carrier inspect(Context& context, const WantedFunction& wanted, const ElfSymbol& symbol) {
    const ElfImage& image = context.image;
    Carrier carrier;
    carrier.address = symbol.address;
    carrier.symbol = wanted.symbol;
    carrier.form = wanted.form;
    carrier.with_return = wanted.with_return;
    if (wanted.form.call != CALL_NONE) {
        find_sites(context, carrier, symbol.size);
    }
    if (!moves_bytes(wanted.family)) {
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

ProbedFunction function_of(const Carrier& carrier, std::string_view symbol) {
    ProbedFunction function;
    function.symbol = symbol;
    function.form = carrier.form;
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
std::optional<Carrier> find_internal(Context& context, ProbeFamily family, std::span<const Carrier> members) {
    const Carrier& base = members.front();
    for (const NearCall& call : base.calls) {
        const bool shared = std::ranges::any_of(members.subspan(1), [&](const Carrier& other) {
            return other.address != base.address && other.calls_to(call.target);
        });
        const CallForm* const form = shared ? internal_form(context.library, family, call) : nullptr;
        if (form == nullptr) {
            continue;
        }
        Carrier internal;
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

/// Each end is a place of its own where something is seen.
void add_ends(const Carrier& carrier, SiteChoice& choice) {
    for (std::size_t i = 0; i < carrier.best.returns.size(); ++i) {
        ProbedFunction function = function_of(carrier, carrier.symbol);
        function.best = {carrier.best.returns[i], {}};
        function.plain = {carrier.plain.returns[i], {}};
        choice.functions.push_back(std::move(function));
    }
}

constexpr std::string_view kNoReturns = "where its calls end cannot be found";

/// One entry for each function in which payload of the family passes.
void choose_family(Context& context, ProbeFamily family, std::span<const Carrier> members,
                   SiteChoice& choice) {
    // Where one public function is cheap at both ends, most calls are.
    const bool stepped = std::ranges::all_of(members, &Carrier::is_stepped);
    const auto internal = stepped ? find_internal(context, family, members) : std::nullopt;
    std::map<std::uint64_t, std::size_t> function_at;  // carrier address → index
    for (std::size_t i = 0; i < members.size(); ++i) {
        const Carrier& member = members[i];
        const Carrier& carrier = carrier_of(i, members, internal);
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
void add_record_sites(Context& context, SiteChoice& choice) {
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

ProbeSite entry_of(const ElfImage& image, const FunctionFlow& flow, std::uint64_t address,
                   const CallForm& form) {
    const FlowStep* const cheap = cheap_entry(flow, address, form);
    return site_at(image,
                   cheap != nullptr ? *cheap : *std::ranges::find(flow.steps, address, &FlowStep::address));
}

SiteChoice choose_sites(const ElfImage& image, const ElfSymbols& symbols, const TlsLibrary& library,
                        std::span<const WantedFunction> wanted) {
    auto code = library.code != nullptr ? library.code(image, symbols) : nullptr;
    ElfSymbols known = symbols;
    if (code) {
        known.merge(code->functions());
    }
    Context context{image, known, library, std::move(code)};
    SiteChoice choice;
    std::map<ProbeFamily, std::vector<Carrier>> families;
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
        for (const Carrier& member : members) {
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
