#include "capture/discovery/carrying_function.h"

#include <array>
#include <set>
#include <span>
#include <utility>

namespace sslsniff {
namespace {

/// The functions that lead to payload have some hundred bytes; a hostile symbol size must not cost time.
constexpr std::uint64_t kMaxFunction = 4096;
constexpr std::uint64_t kUnsizedFunction = 1024;
constexpr std::size_t kPltEntry = 16;
constexpr int kMaxTailCalls = 4;

/// Where a call really goes: calls through the procedure linkage table to the function of that name here (a
/// libssl that is not linked with -Bsymbolic calls its own public functions so). 0 when that is elsewhere.
std::uint64_t resolve(SiteContext& context, std::uint64_t target) {
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
    ReturnFinder(SiteContext& context, tls_call call) : context_(context), call_(call) {}

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

    SiteContext& context_;
    tls_call call_;
    std::set<std::uint64_t> followed_;
};

}  // namespace

ProbeSite entry_of(const ElfImage& image, const FunctionFlow& flow, std::uint64_t address,
                   const CallForm& form) {
    const FlowStep* const cheap = cheap_entry(flow, address, form);
    return site_at(image,
                   cheap != nullptr ? *cheap : *std::ranges::find(flow.steps, address, &FlowStep::address));
}

void find_sites(SiteContext& context, CarryingFunction& carrier, std::uint64_t size) {
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

CarryingFunction inspect(SiteContext& context, const WantedFunction& wanted, const ElfSymbol& symbol) {
    const ElfImage& image = context.image;
    CarryingFunction carrier;
    carrier.address = symbol.address;
    carrier.symbol = wanted.symbol;
    carrier.form = wanted.form;
    carrier.found_by = symbol.found_by;
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

}  // namespace sslsniff
