#pragma once

#include <array>
#include <cstdint>
#include <optional>
#include <set>
#include <span>
#include <vector>

#include "capture/discovery/elf_image.h"
#include "capture/discovery/function_flow.h"

namespace sslsniff {

/// What is known of the general registers, by x86 numbers: constants that the code put there.
using RegisterConstants = std::array<std::optional<std::uint64_t>, 16>;

/// A call that is given the address of a certain text. C libraries report errors so: the name of the source
/// file, and numbers or further texts that tell which error and in which function.
struct ReportCall {
    std::uint64_t text = 0;
    RegisterConstants registers;
};

/// A function of a program without symbols, and the reports that it makes.
struct ReportingFunction {
    std::uint64_t address = 0;
    FunctionFlow flow;
    std::vector<ReportCall> reports;

    bool reports_constant(unsigned reg, std::uint64_t value) const;
    /// All constants that the reports have in a register.
    std::set<std::uint64_t> constants(unsigned reg) const;
};

/// The functions that make calls with the address of one of `texts` in a register, by address. Each begins
/// where a near call leads to, the code from there on comes to the place that uses the text, and returns with
/// the stack as it was: so its instructions are certain, though nothing in the file says where functions
/// begin. x86-64 only. What is looked at is bounded, as files are hostile.
std::vector<ReportingFunction> find_reporting_functions(const ElfImage& image,
                                                        std::span<const std::uint64_t> texts);

}  // namespace sslsniff
