#include "capture/discovery/reporting_functions.h"

#include <algorithm>
#include <map>
#include <utility>

#include "capture/discovery/code_references.h"
#include "capture/discovery/x86_decoder.h"

namespace sslsniff {
namespace {

constexpr std::uint64_t kLongestFunction = std::uint64_t{16} << 10;
constexpr std::size_t kMostReferences = 4096;             ///< programs have a few hundred
constexpr std::size_t kMostSteps = std::size_t{1} << 20;  ///< followed in all: 10 times what programs need
constexpr std::size_t kMostCandidates = 8;                ///< beginnings tried for one place
constexpr std::size_t kMostPaths = 16;                    ///< ways to one place
constexpr std::size_t kBefore = 16;                       ///< instructions looked at before a place
constexpr std::size_t kBehind = 16;
constexpr int kMostJumps = 2;

/// Follows constants through the instructions of one function.
class ReportReader {
  public:
    ReportReader(const ElfImage& image, const FunctionFlow& flow) : image_(image), steps_(flow.steps) {
        for (std::size_t i = 0; i < steps_.size(); ++i) {
            if (const auto target = jump_target(i)) {
                jumps_.emplace(*target, i);
            }
        }
    }

    /// The calls behind the instruction that uses the text, one for each way to it.
    void read(const CodeReference& reference, std::vector<ReportCall>& into) const {
        const std::size_t use = step_with(reference.place);
        std::vector<Path> paths;
        go_back(use, {}, kMostJumps, paths);
        for (const Path& path : paths) {
            ReportCall report{reference.target, {}};
            for (std::size_t i = path.size(); i-- > 0;) {
                execute(path[i], report.registers);
            }
            if (go_on(use, report.registers) &&
                std::ranges::find(report.registers, reference.target) != report.registers.end()) {
                into.push_back(report);
            }
        }
    }

  private:
    using Path = std::vector<std::size_t>;  ///< indices into steps_, the last one first

    std::size_t step_with(std::uint64_t address) const {
        const auto behind = std::ranges::upper_bound(steps_, address, {}, &FlowStep::address);
        return static_cast<std::size_t>(behind - steps_.begin()) - 1;
    }

    std::optional<X86Instruction> decode(std::size_t index) const {
        X86Instruction instruction{};
        const Bytes code = image_.code(steps_[index].address, steps_[index].length);
        return decoder_.decode(code, instruction) ? std::optional(instruction) : std::nullopt;
    }

    std::optional<std::uint64_t> jump_target(std::size_t index) const {
        const std::string_view mnemonic = steps_[index].mnemonic;
        const auto instruction =
            mnemonic.starts_with('j') && !steps_[index].is_call ? decode(index) : std::nullopt;
        ZyanU64 target = 0;
        return instruction && instruction->operands[0].type == ZYDIS_OPERAND_TYPE_IMMEDIATE &&
                       ZYAN_SUCCESS(ZydisCalcAbsoluteAddress(&instruction->head, instruction->operands.data(),
                                                             steps_[index].address, &target))
                   ? std::optional<std::uint64_t>(target)
                   : std::nullopt;
    }

    /// The instruction before steps_[index] leads to it.
    bool falls_into(std::size_t index) const {
        return index > 0 && steps_[index - 1].end() == steps_[index].address && !steps_[index - 1].is_jump &&
               !steps_[index - 1].is_call;
    }

    /// The ways that lead to steps_[index], over at most `jumps` jumps.
    void go_back(std::size_t index, Path path, int jumps, std::vector<Path>& into) const {
        for (; path.size() < kBefore; path.push_back(--index)) {
            const FlowStep& step = steps_[index];
            if (step.is_target && jumps > 0) {
                const auto [first, last] = jumps_.equal_range(step.address);
                for (auto from = first; from != last && into.size() < kMostPaths; ++from) {
                    Path longer = path;
                    longer.push_back(from->second);
                    go_back(from->second, std::move(longer), jumps - 1, into);
                }
            }
            if (!falls_into(index)) {
                if (step.is_target) {
                    return;  // only jumps come here
                }
                break;
            }
        }
        if (into.size() < kMostPaths) {
            into.push_back(std::move(path));
        }
    }

    /// From the use of the text to the next call, over jumps. False when there is none.
    bool go_on(std::size_t index, RegisterConstants& registers) const {
        for (std::size_t i = 0; i < kBehind && !steps_[index].is_call; ++i) {
            execute(index, registers);
            const auto target = steps_[index].is_jump ? jump_target(index) : steps_[index].end();
            const auto next =
                target ? std::ranges::lower_bound(steps_, *target, {}, &FlowStep::address) : steps_.end();
            if (next == steps_.end() || next->address != *target) {
                return false;
            }
            index = static_cast<std::size_t>(next - steps_.begin());
        }
        return steps_[index].is_call;
    }

    void execute(std::size_t index, RegisterConstants& registers) const {
        for (unsigned i = 0; i < registers.size(); ++i) {
            if ((steps_[index].writes & 1U << i) != 0) {
                registers.at(i).reset();
            }
        }
        const auto instruction = decode(index);
        if (!instruction || instruction->operands[0].type != ZYDIS_OPERAND_TYPE_REGISTER) {
            return;
        }
        const auto& operands = instruction->operands;
        const int number = register_number(operands[0].reg.value);
        if (number < 0 || operands[0].size < 32) {
            return;
        }
        auto& constant = registers.at(static_cast<std::size_t>(number));
        ZyanU64 address = 0;
        switch (instruction->head.mnemonic) {
            case ZYDIS_MNEMONIC_MOV:
                if (operands[1].type == ZYDIS_OPERAND_TYPE_IMMEDIATE) {
                    constant = operands[0].size == 32 ? operands[1].imm.value.u & UINT32_MAX
                                                      : operands[1].imm.value.u;
                }
                break;
            case ZYDIS_MNEMONIC_LEA:
                if (operands[1].mem.base == ZYDIS_REGISTER_RIP &&
                    ZYAN_SUCCESS(ZydisCalcAbsoluteAddress(&instruction->head, &operands[1],
                                                          steps_[index].address, &address))) {
                    constant = address;
                }
                break;
            case ZYDIS_MNEMONIC_XOR:
                if (operands[1].type == ZYDIS_OPERAND_TYPE_REGISTER &&
                    operands[1].reg.value == operands[0].reg.value) {
                    constant = 0;
                }
                break;
            default:
                break;
        }
    }

    const ElfImage& image_;
    X86Decoder decoder_;
    std::span<const FlowStep> steps_;
    std::multimap<std::uint64_t, std::size_t> jumps_;
};

/// An instruction of the flow goes on behind `place`, which it does not begin at.
bool comes_to(const FunctionFlow& flow, std::uint64_t place) {
    const auto behind = std::ranges::upper_bound(flow.steps, place, {}, &FlowStep::address);
    return behind != flow.steps.begin() && std::prev(behind)->address < place &&
           place < std::prev(behind)->end();
}

/// Finds where the functions begin that contain certain places.
class BeginningFinder {
  public:
    BeginningFinder(const ElfImage& image, std::span<const CodeReference> places) : image_(image) {
        std::vector<AddressRange> ranges;
        for (const CodeReference& each : places) {
            const std::uint64_t begin = each.place - std::min(each.place, kLongestFunction);
            if (!ranges.empty() && begin <= ranges.back().end) {
                ranges.back().end = each.place;
            } else {
                ranges.push_back({begin, each.place});
            }
        }
        for (const CodeReference& call : find_calls(image, ranges)) {
            if (is_place_of_function(call.target)) {
                (call.is_jump ? jumped_to_ : called_).insert(call.target);
            }
        }
    }

    /// 0 when it cannot be told. Where calls lead to; else jumps, as those at the end of functions do, too.
    std::uint64_t beginning_of(std::uint64_t place) {
        const auto called = nearest(called_, place);
        return called.value_or(nearest(jumped_to_, place).value_or(0));
    }

    FunctionFlow take_flow(std::uint64_t beginning) { return std::move(flows_.at(beginning)); }

  private:
    /// The nearest before the place; 0 if the code from another one on has instructions across it: then one
    /// of them is only a number that looks like a call.
    std::optional<std::uint64_t> nearest(const std::set<std::uint64_t>& beginnings, std::uint64_t place) {
        std::optional<std::uint64_t> found;
        auto next = beginnings.upper_bound(place);
        for (std::size_t i = 0; i < kMostCandidates && next != beginnings.begin(); ++i) {
            const std::uint64_t beginning = *--next;
            const FunctionFlow* const flow =
                place - beginning <= kLongestFunction ? flow_from(beginning) : nullptr;
            if (flow == nullptr || flow->returns.empty()) {
                continue;
            }
            if (found && comes_to(*flow, *found)) {
                return 0;
            }
            if (!found && comes_to(*flow, place)) {
                found = beginning;
            }
        }
        return found;
    }

    const FunctionFlow* flow_from(std::uint64_t beginning) {
        if (const auto known = flows_.find(beginning); known != flows_.end()) {
            return &known->second;
        }
        if (steps_ >= kMostSteps) {
            return nullptr;
        }
        const auto known = flows_.emplace(beginning, flow_of(image_, beginning)).first;
        steps_ += known->second.steps.size();
        return &known->second;
    }

    /// Compilers align functions, or they follow the end of another one: a return, or bytes that fill.
    bool is_place_of_function(std::uint64_t address) const {
        constexpr std::uint64_t kAlignment = 16;
        static constexpr std::string_view kEnds = "\xC3\xCC\x90";
        const Bytes before = address % kAlignment != 0 ? image_.code(address - 1, 1) : Bytes();
        return address % kAlignment == 0 || (!before.empty() && kEnds.contains(before.front()));
    }

    const ElfImage& image_;
    std::set<std::uint64_t> called_;  ///< where near calls lead to
    std::set<std::uint64_t> jumped_to_;
    std::map<std::uint64_t, FunctionFlow> flows_;
    std::size_t steps_ = 0;  ///< in flows_
};

}  // namespace

bool ReportingFunction::reports_constant(unsigned reg, std::uint64_t value) const {
    return std::ranges::any_of(reports,
                               [&](const ReportCall& report) { return report.registers.at(reg) == value; });
}

std::set<std::uint64_t> ReportingFunction::constants(unsigned reg) const {
    std::set<std::uint64_t> all;
    for (const ReportCall& report : reports) {
        if (const auto constant = report.registers.at(reg)) {
            all.insert(*constant);
        }
    }
    return all;
}

std::vector<ReportingFunction> find_reporting_functions(const ElfImage& image,
                                                        std::span<const std::uint64_t> texts) {
    auto references = find_references(image, texts);
    references.resize(std::min(references.size(), kMostReferences));
    BeginningFinder finder(image, references);
    std::map<std::uint64_t, std::vector<CodeReference>> references_of;
    for (const CodeReference& reference : references) {
        if (const std::uint64_t beginning = finder.beginning_of(reference.place); beginning != 0) {
            references_of[beginning].push_back(reference);
        }
    }
    std::vector<ReportingFunction> functions;
    for (const auto& [address, own] : references_of) {
        ReportingFunction function{address, finder.take_flow(address), {}};
        const ReportReader reader(image, function.flow);
        for (const CodeReference& reference : own) {
            reader.read(reference, function.reports);
        }
        functions.push_back(std::move(function));
    }
    return functions;
}

}  // namespace sslsniff
