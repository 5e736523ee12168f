#include "capture/discovery/libraries/openssl_unnamed.h"

#include <algorithm>
#include <array>
#include <initializer_list>
#include <map>
#include <vector>

#include "capture/discovery/elf_texts.h"
#include "capture/discovery/libraries/boringssl_transports.h"
#include "capture/discovery/reporting_functions.h"
#include "capture/discovery/x86_decoder.h"

namespace sslsniff {
namespace {

constexpr std::string_view kText = ".rodata";
constexpr std::size_t kMostTexts = 16;

using Functions = std::vector<ReportingFunction>;

/// Gathers names, and drops those found twice.
class Names {
  public:
    void add(std::string_view symbol, std::uint64_t function) {
        const auto [known, is_new] = addresses_.emplace(symbol, function);
        if (!is_new && known->second != function) {
            known->second = 0;
        }
    }
    ElfSymbols symbols() const {
        ElfSymbols symbols;
        for (const auto& [name, address] : addresses_) {
            if (address != 0) {
                symbols.emplace(name, ElfSymbol{address, 0, FoundBy::reports});
            }
        }
        return symbols;
    }

  private:
    std::map<std::string_view, std::uint64_t> addresses_;
};

/// The functions that report one of these source files.
Functions functions_of(const ElfImage& image, std::initializer_list<std::string_view> files) {
    std::vector<std::uint64_t> addresses;
    for (const std::string_view file : files) {
        for (const ElfText& text : texts_ending_with(image, kText, file, kMostTexts)) {
            addresses.push_back(text.address);
        }
    }
    return find_reporting_functions(image, addresses);
}

// ---- OpenSSL ----

struct OpenSslName {
    std::string_view symbol;  ///< also what OpenSSL 3 reports
    std::uint32_t code;       ///< SSL_F_... and BIO_F_... of 1.1.1
};
constexpr std::array kSslNames{
    OpenSslName{"SSL_read", 223},         OpenSslName{"SSL_write", 208},    OpenSslName{"SSL_peek", 270},
    OpenSslName{"SSL_do_handshake", 180}, OpenSslName{"SSL_shutdown", 224}, OpenSslName{"SSL_new", 186},
    OpenSslName{"SSL_clear", 164},        OpenSslName{"SSL_set_fd", 192},   OpenSslName{"SSL_set_rfd", 194},
    OpenSslName{"SSL_set_wfd", 196},
};
constexpr std::array kBioNames{
    OpenSslName{"bio_read_intern", 120},
    OpenSslName{"bio_write_intern", 128},
};
constexpr std::uint64_t kErrLibSsl = 20;
constexpr std::uint64_t kErrLibBio = 32;

/// ERR_put_error(library, function, reason, file, line)
void name_by_code(const Functions& functions, std::span<const OpenSslName> known, std::uint64_t library,
                  Names& names) {
    for (const ReportingFunction& function : functions) {
        for (const ReportCall& report : function.reports) {
            const auto& registers = report.registers;
            const auto name =
                registers[x86::kRdi] == library && registers[x86::kRcx] == report.text
                    ? std::ranges::find_if(
                          known, [&](const OpenSslName& each) { return registers[x86::kRsi] == each.code; })
                    : known.end();
            if (name != known.end()) {
                names.add(name->symbol, function.address);
            }
        }
    }
}

/// ERR_set_debug(file, line, function)
void name_by_text(const ElfImage& image, const Functions& functions, std::span<const OpenSslName> known,
                  Names& names) {
    for (const OpenSslName& name : known) {
        for (const ElfText& text : texts_ending_with(image, kText, name.symbol, kMostTexts)) {
            for (const ReportingFunction& function : functions) {
                const bool reports = std::ranges::any_of(function.reports, [&](const ReportCall& report) {
                    return report.registers[x86::kRdi] == report.text &&
                           report.registers[x86::kRdx] == text.address;
                });
                if (reports && text.text == name.symbol) {
                    names.add(name.symbol, function.address);
                }
            }
        }
    }
}

UnnamedParts find_openssl(const ElfImage& image) {
    const Functions functions = functions_of(image, {"ssl/ssl_lib.c", "crypto/bio/bio_lib.c"});
    Names names;
    name_by_code(functions, kSslNames, kErrLibSsl, names);
    name_by_code(functions, kBioNames, kErrLibBio, names);
    name_by_text(image, functions, kSslNames, names);
    name_by_text(image, functions, kBioNames, names);
    return {names.symbols(), {}, {}};
}

// ---- BoringSSL ----

// SSL_R_... of openssl/ssl.h, and ERR_R_SHOULD_NOT_HAVE_BEEN_CALLED
constexpr std::uint64_t kShouldNotHaveBeenCalled = 66;
constexpr std::uint64_t kBadLength = 111;
constexpr std::uint64_t kConnectionTypeNotSet = 134;
constexpr std::uint64_t kNullSslCtx = 185;
constexpr std::uint64_t kSslHandshakeFailure = 215;
constexpr std::uint64_t kUninitialized = 226;
constexpr std::uint64_t kShutdownWhileInInit = 291;

/// ERR_put_error(library, unused, reason, file, line); link-time optimisation drops what is unused.
std::set<std::uint64_t> reasons_of(const ReportingFunction& function) {
    constexpr std::uint64_t kErrLibSslOfBoring = 16;
    std::set<std::uint64_t> reasons;
    for (const ReportCall& report : function.reports) {
        const auto& registers = report.registers;
        const auto& reason = registers[x86::kRcx] == report.text   ? registers[x86::kRdx]
                             : registers[x86::kRdx] == report.text ? registers[x86::kRsi]
                                                                   : std::optional<std::uint64_t>();
        if (registers[x86::kRdi] == kErrLibSslOfBoring && reason) {
            reasons.insert(*reason);
        }
    }
    return reasons;
}

/// What the code of a function does, as far as it tells functions apart.
struct Deeds {
    std::set<std::uint64_t> calls;  ///< near
    bool calls_method = false;      ///< through a pointer in a structure
    bool stores = false;            ///< a difference, behind a pointer: sub or add
};

Deeds deeds_of(const ElfImage& image, const FunctionFlow& flow) {
    const X86Decoder decoder;
    X86Instruction instruction{};
    Deeds deeds;
    for (const FlowStep& step : flow.steps) {
        const Bytes code = image.code(step.address, step.length);
        if (!decoder.decode(code, instruction)) {
            continue;
        }
        const auto& first = instruction.operands[0];
        const bool is_structure =
            first.type == ZYDIS_OPERAND_TYPE_MEMORY && first.mem.base != ZYDIS_REGISTER_RIP &&
            first.mem.base != ZYDIS_REGISTER_RSP && first.mem.base != ZYDIS_REGISTER_RBP;
        if (step.is_call) {
            ZyanU64 target = 0;
            deeds.calls_method |= is_structure;
            if (first.type == ZYDIS_OPERAND_TYPE_IMMEDIATE &&
                ZYAN_SUCCESS(ZydisCalcAbsoluteAddress(&instruction.head, &first, step.address, &target))) {
                deeds.calls.insert(target);
            }
        }
        const bool counts = instruction.head.mnemonic == ZYDIS_MNEMONIC_ADD ||
                            instruction.head.mnemonic == ZYDIS_MNEMONIC_SUB ||
                            instruction.head.mnemonic == ZYDIS_MNEMONIC_MOV;
        deeds.stores |= counts && is_structure && first.size == 64 &&
                        instruction.operands[1].type == ZYDIS_OPERAND_TYPE_REGISTER;
    }
    return deeds;
}

UnnamedParts find_boringssl(const ElfImage& image) {
    const Functions functions = functions_of(image, {"ssl/ssl_lib.cc", "crypto/bio/bio.cc"});
    Names names;
    std::set<std::uint64_t> readers;  // ssl_read_impl()
    for (const ReportingFunction& function : functions) {
        const auto reasons = reasons_of(function);
        if (reasons.contains(kUninitialized) && reasons.contains(kSslHandshakeFailure) &&
            !reasons.contains(kBadLength)) {
            readers.insert(function.address);
        }
    }
    for (const ReportingFunction& function : functions) {
        const auto reasons = reasons_of(function);
        const bool is_only_66 = reasons.size() == 1 && reasons.contains(kShouldNotHaveBeenCalled);
        if (reasons.contains(kUninitialized) && reasons.contains(kBadLength)) {
            names.add("SSL_write", function.address);
        } else if (reasons.contains(kUninitialized) && reasons.contains(kShutdownWhileInInit)) {
            names.add("SSL_shutdown", function.address);
        } else if (reasons.size() == 1 && reasons.contains(kConnectionTypeNotSet)) {
            names.add("SSL_do_handshake", function.address);
        } else if (reasons.size() == 1 && reasons.contains(kNullSslCtx)) {
            names.add("SSL_new", function.address);
        } else if (is_only_66) {
            const Deeds deeds = deeds_of(image, function.flow);
            const bool reads = std::ranges::any_of(
                readers, [&](std::uint64_t reader) { return deeds.calls.contains(reader); });
            if (reads && !deeds.calls_method) {
                names.add(deeds.stores ? "SSL_read" : "SSL_peek", function.address);
            }
        }
    }
    return {names.symbols(), {}, find_boringssl_transports(image, functions)};
}

}  // namespace

UnnamedParts find_unnamed_openssl(const ElfImage& image) {
    const UnnamedParts parts = find_openssl(image);
    return parts.functions.empty() ? find_boringssl(image) : parts;
}

}  // namespace sslsniff
