#include "capture/discovery/libraries/boringssl_transports.h"

#include <algorithm>
#include <optional>
#include <set>

#include "capture/discovery/x86_decoder.h"

namespace sslsniff {
namespace {

constexpr std::size_t kMostSites = 128;
constexpr std::size_t kBefore = 32;  // instructions between the load of a function's address and its call

constexpr std::uint64_t kErrLibBio = 17;
constexpr std::uint64_t kUninitialized = 114;  // BIO_R_UNINITIALIZED
constexpr std::int64_t kWriteOffset = 16;
constexpr std::int64_t kReadOffset = 24;

using Steps = std::span<const FlowStep>;

/// (bio, buffer, int length): bytes moved when above 0.
constexpr CallForm form_of(tls_call call) {
    return {.call = call, .result = RESULT_POSITIVE, .buffer = argument(2), .length = int_argument(3)};
}

bool reports_bio_errors(const ReportingFunction& function) {
    return std::ranges::any_of(function.reports, [](const ReportCall& report) {
        const auto& registers = report.registers;
        return registers[x86::kRdi] == kErrLibBio &&
               (registers[x86::kRdx] == kUninitialized || registers[x86::kRsi] == kUninitialized);
    });
}

/// From which offset of a structure steps[index], a call, takes where it goes.
std::optional<std::int64_t> method_called(const ElfImage& image, Steps steps, std::size_t index) {
    const X86Decoder decoder;
    X86Instruction instruction{};
    const Bytes code = image.code(steps[index].address, steps[index].length);
    if (!decoder.decode(code, instruction)) {
        return std::nullopt;
    }
    const auto& target = instruction.operands[0];
    if (target.type == ZYDIS_OPERAND_TYPE_MEMORY && target.mem.base != ZYDIS_REGISTER_RIP) {
        return target.mem.disp.value;
    }
    const int number = target.type == ZYDIS_OPERAND_TYPE_REGISTER ? register_number(target.reg.value) : -1;
    for (std::size_t i = 1; number >= 0 && i <= std::min(index, kBefore); ++i) {
        const FlowStep& before = steps[index - i];
        if ((before.writes & 1U << static_cast<unsigned>(number)) != 0) {
            return before.loaded_from;
        }
    }
    return std::nullopt;
}

/// The stack pointer at the call identifies it: it is the same behind it.
ProbeSite site_of(const ElfImage& image, const FlowStep& step) {
    ProbeSite site;
    site.address = step.address;
    site.file_offset = image.file_offset(step.address).value_or(0);
    site.is_stepped = !step.is_emulated;
    site.instruction = step.mnemonic;
    return site;
}

/// Behind the call at steps[index], with its result in place: the jump that tests it, which the kernel
/// emulates, or the next instruction. nullptr when other ways lead there.
const FlowStep* end_of_call(Steps steps, std::size_t index) {
    const auto follows = [&](std::size_t i) {
        return i < steps.size() && steps[i - 1].end() == steps[i].address && !steps[i].is_target;
    };
    if (!follows(index + 1)) {
        return nullptr;
    }
    const FlowStep& next = steps[index + 1];
    const bool keeps_result = (next.writes & 1U << x86::kRax) == 0 && !next.is_call && !next.is_jump;
    if (!next.is_emulated && keeps_result && follows(index + 2) && steps[index + 2].is_emulated &&
        !steps[index + 2].is_call) {
        return &steps[index + 2];
    }
    return &next;
}

}  // namespace

std::vector<ProbedFunction> find_boringssl_transports(const ElfImage& image,
                                                      std::span<const ReportingFunction> functions) {
    std::vector<ProbedFunction> sites;
    std::set<std::uint64_t> known;
    for (const ReportingFunction& function : functions) {
        const Steps steps = function.flow.steps;
        for (std::size_t i = 0; i < steps.size() && reports_bio_errors(function); ++i) {
            const auto offset = steps[i].is_call ? method_called(image, steps, i) : std::nullopt;
            const bool is_read = offset == kReadOffset;
            const FlowStep* const end = is_read ? end_of_call(steps, i) : nullptr;
            if ((!is_read && offset != kWriteOffset) || (is_read && end == nullptr) ||
                sites.size() >= kMostSites || !known.insert(steps[i].address).second) {
                continue;
            }
            ProbedFunction site;
            site.symbol = is_read ? "BIO_read" : "BIO_write";
            site.is_internal = true;
            site.form = form_of(is_read ? CALL_TRANSPORT_READ : CALL_TRANSPORT_WRITE);
            site.best.entry = site_of(image, steps[i]);
            if (is_read) {
                site.best.returns.push_back(site_of(image, *end));
            }
            site.plain = site.best;
            sites.push_back(std::move(site));
        }
    }
    return sites;
}

}  // namespace sslsniff
