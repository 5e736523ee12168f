// crypto/tls of Go 1.17 and newer: methods of tls.Conn (src/crypto/tls/conn.go). They take the connection in
// rax, a slice in rbx, rcx and rdi, and return numbers in rax and errors in two registers, the first of which
// is 0 where there is none (src/cmd/compile/abi-internal.md).
#include <algorithm>
#include <array>
#include <memory>
#include <optional>
#include <span>
#include <string>
#include <string_view>
#include <utility>
#include <vector>

#include "capture/discovery/carrying_function.h"
#include "capture/discovery/elf_texts.h"
#include "capture/discovery/go_functions.h"
#include "capture/discovery/libraries/libraries.h"
#include "capture/discovery/x86_decoder.h"

namespace sslsniff {
namespace {

using enum ProbeFamily;

constexpr CallValue kConn = in_register(x86::kRax);

/// func (c *Conn) Read(b []byte) (int, error), and Write
constexpr CallForm moves(tls_call call) {
    return {.call = call,
            .result = RESULT_POSITIVE,
            .result_bytes = 8,
            .flags = SITE_GOROUTINE,
            .handle = kConn,
            .buffer = in_register(x86::kRbx),
            .length = in_register(x86::kRcx)};
}

/// A method that returns an error or nothing.
constexpr CallForm about_conn(tls_call call, tls_result result, std::uint8_t flags = 0) {
    return {.call = call,
            .result = result,
            .result_bytes = 8,
            .flags = static_cast<std::uint8_t>(SITE_GOROUTINE | flags),
            .handle = kConn};
}

/// func (c *Conn) ConnectionState() ConnectionState: too large for registers, so it is stored behind the
/// return address; NegotiatedProtocol, a string, lies 8 bytes behind its beginning.
constexpr CallForm kConnectionState{.call = CALL_ALPN,
                                    .result = RESULT_NONE,
                                    .result_bytes = 8,
                                    .flags = SITE_GOROUTINE,
                                    .handle = kConn,
                                    .buffer = in_register(x86::kRsp, 16),
                                    .moved = in_register(x86::kRsp, 24),
                                    .moved_bytes = 8};

constexpr std::array kCalls{
    WantedFunction{"crypto/tls.(*Conn).Read", moves(CALL_READ), read},
    WantedFunction{"crypto/tls.(*Conn).Write", moves(CALL_WRITE), write},
    // behind Handshake, HandshakeContext, and what Read and Write do first; called when there is something to
    // do
    WantedFunction{"crypto/tls.(*Conn).clientHandshake",
                   about_conn(CALL_HANDSHAKE, RESULT_ZERO, SITE_CLIENT)},
    WantedFunction{"crypto/tls.(*Conn).serverHandshake",
                   about_conn(CALL_HANDSHAKE, RESULT_ZERO, SITE_SERVER)},
    // behind Close and CloseWrite
    WantedFunction{"crypto/tls.(*Conn).closeNotify", about_conn(CALL_SHUTDOWN, RESULT_ZERO, SITE_LATE)},
    WantedFunction{"crypto/tls.(*Conn).Close", about_conn(CALL_CLOSE, RESULT_NONE)},
    WantedFunction{"crypto/tls.(*Conn).ConnectionState", kConnectionState},
};

/// func (c *Conn) writeRecordLocked(typ recordType, data []byte) (int, error): all of what Write was given,
/// before any of it is sent. When Write returns, another goroutine may have read the answer already.
constexpr CallForm kRecords{.call = CALL_RECORD_WRITE,
                            .flags = SITE_GOROUTINE,
                            .handle = kConn,
                            .buffer = in_register(x86::kRcx),
                            .length = in_register(x86::kRdi),
                            .type = {PLACE_REGISTER | x86::kRbx, 1, 0}};
constexpr std::array<std::string_view, 1> kInternals{"crypto/tls.(*Conn).writeRecordLocked"};

constexpr std::array<std::string_view, 2> kFunctions{"crypto/tls.(*Conn).Read", "crypto/tls.(*Conn).Write"};

std::optional<LibraryName> name_of(const ElfImage& image) {
    return LibraryName{"Go crypto/tls", go_version(image)};
}

/// Where the table of functions is of a form that is not known, or of another machine, it names them all the
/// same.
std::optional<LibraryName> recognise(const ElfImage& image) {
    static constexpr std::array<std::string_view, 3> kTables{".gopclntab", ".data.rel.ro.gopclntab",
                                                             ".data.rel.ro"};
    static constexpr std::span<const std::string_view> kFunction = std::span(kFunctions).first(1);
    if (!image.has_section(".go.buildinfo")) {
        return std::nullopt;
    }
    for (const std::string_view table : kTables) {
        if (contained(image, table, kFunction) != 0) {
            return name_of(image);
        }
    }
    return std::nullopt;
}

std::string obstacle(const ElfImage& image, const ElfSymbols& symbols) {
    const auto read = symbols.find(kFunctions[0]);
    const bool by_registers =
        read != symbols.end() && convention_at(image, read->second.address) == GoConvention::registers;
    return by_registers ? ""
                        : "which was built with Go before 1.17, whose functions sslsniff cannot read: build "
                          "it with a newer one";
}

/// Methods keep the arguments that they need later where their caller left room for it, behind the return
/// address, in the order of their registers: there they are when the method returns, too.
class GoCode : public LibraryCode {
  public:
    GoCode(const ElfImage& image, const ElfSymbols& symbols) : image_(image), symbols_(symbols) {}

    std::vector<ProbedFunction> record_sites() override {
        const auto symbol = symbols_.find(kInternals[0]);
        const std::uint64_t address = symbol != symbols_.end() ? symbol->second.address : 0;
        const FunctionFlow flow = address != 0 ? flow_of(image_, address) : FunctionFlow();
        if (flow.steps.empty()) {
            return {};
        }
        ProbedFunction function;
        function.symbol = kInternals[0];
        function.form = kRecords;
        function.is_internal = true;
        function.best.entry = entry_of(image_, flow, address, kRecords);
        return {std::move(function)};
    }

    std::optional<CallForm> at_return(std::uint64_t address, const FunctionFlow& flow,
                                      const CallForm& form) override {
        if (form.call != CALL_READ && form.call != CALL_WRITE) {
            return std::nullopt;
        }
        const std::uint32_t kept = kept_arguments(address, flow);
        constexpr std::uint32_t kNeeded = 1U << x86::kRax | 1U << x86::kRbx;
        if ((kept & kNeeded) != kNeeded) {
            return std::nullopt;
        }
        CallForm late = form;
        late.handle = in_memory(x86::kRsp, kPlaces[0].offset, 8);
        late.buffer = in_memory(x86::kRsp, kPlaces[1].offset, 8);
        late.length = {};
        return late;
    }

  private:
    struct Place {
        unsigned argument;     ///< its register, by x86 number
        std::uint16_t offset;  ///< from where the return address lies
    };
    static constexpr std::array kPlaces{Place{x86::kRax, 8}, Place{x86::kRbx, 16}};

    /// The registers of arguments, a bit each, that every call stores in their places before it calls
    /// anything.
    std::uint32_t kept_arguments(std::uint64_t address, const FunctionFlow& flow) const {
        std::uint32_t kept = 0;
        std::uint32_t changed = 0;
        auto step = std::ranges::find(flow.steps, address, &FlowStep::address);
        for (bool is_first = true; step != flow.steps.end() && step->address == address;
             ++step, is_first = false) {
            if ((step->is_target && !is_first) || step->is_call || step->is_jump || !step->stack) {
                break;
            }
            for (const Place& place : kPlaces) {
                if ((changed & 1U << place.argument) == 0 && stores(*step, place)) {
                    kept |= 1U << place.argument;
                }
            }
            changed |= step->writes;
            address = step->end();
        }
        return kept;
    }

    /// mov argument, place(%rsp)
    bool stores(const FlowStep& step, const Place& place) const {
        X86Instruction instruction{};
        const Bytes code = image_.code(step.address, step.length);
        if (!decoder_.decode(code, instruction) || instruction.head.mnemonic != ZYDIS_MNEMONIC_MOV) {
            return false;
        }
        const ZydisDecodedOperand& to = instruction.operands[0];
        const ZydisDecodedOperand& what = instruction.operands[1];
        return to.type == ZYDIS_OPERAND_TYPE_MEMORY && to.mem.base == ZYDIS_REGISTER_RSP &&
               to.mem.index == ZYDIS_REGISTER_NONE &&
               to.mem.disp.value == std::int64_t{*step.stack} + place.offset &&
               what.type == ZYDIS_OPERAND_TYPE_REGISTER && what.size == 64 &&
               register_number(what.reg.value) == static_cast<int>(place.argument);
    }

    const ElfImage& image_;
    const ElfSymbols& symbols_;
    X86Decoder decoder_;
};

std::unique_ptr<LibraryCode> make_code(const ElfImage& image, const ElfSymbols& symbols) {
    return std::make_unique<GoCode>(image, symbols);
}

constexpr std::array<std::string_view, 1> kWords{"go"};

}  // namespace

constinit const TlsLibrary kGo{.name = "Go crypto/tls",
                               .words = kWords,
                               .names = NameTable::go,
                               .functions = kFunctions,
                               .recognise = recognise,
                               .obstacle = obstacle,
                               .variant = name_of,
                               .calls = kCalls,
                               .code = make_code,
                               .code_symbols = kInternals};

}  // namespace sslsniff
