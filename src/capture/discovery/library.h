#pragma once

#include <cstdint>
#include <memory>
#include <optional>
#include <span>
#include <string>
#include <string_view>
#include <vector>

#include "capture/discovery/attach_plan.h"
#include "capture/discovery/elf_image.h"
#include "capture/discovery/function_flow.h"

namespace sslsniff {

/// Functions of one family but `session` move the same bytes: of those that call each other only one is
/// probed.
enum class ProbeFamily : std::uint8_t { read, peek, write, transport_read, transport_write, session };

constexpr bool moves_bytes(ProbeFamily family) {
    return family != ProbeFamily::session;
}

/// A public function we want to probe.
struct WantedFunction {
    std::string_view symbol;
    CallForm form;  ///< CALL_NONE: only leads to other functions of its family
    ProbeFamily family = ProbeFamily::session;
    bool with_return = true;  ///< its result matters, or socket calls inside it do
};

/// A function without a name that several public ones of a family call: the first of them, for its results in
/// a local, with the address of that as argument `local_argument`.
struct InternalFunction {
    ProbeFamily family;
    unsigned local_argument;  ///< 4 or 5
    CallForm form;
};

/// What is found of a library that was linked into a program without symbols.
struct UnnamedParts {
    ElfSymbols functions;
    std::vector<ProbedFunction> records;  ///< CALL_RECORD_...: places that payload passes
    std::vector<ProbedFunction>
        transports;  ///< places where it reads and writes memory that are no functions

    bool empty() const { return functions.empty() && records.empty(); }
};

/// How such a library is captured.
struct UnnamedLibrary {
    /// Finds functions, or places inside, by what the code refers to and does; none: this file does not show
    /// them.
    UnnamedParts (*find)(const ElfImage& image) = nullptr;
    /// Those that may be found. TlsLibrary::functions must be among them, or `records` were found.
    std::span<const WantedFunction> calls{};
    std::span<const WantedFunction> transports{};
};

/// A text in .rodata by which a library is recognised that was linked in without symbols (state names, source
/// paths). In two parts, so that sslsniff does not find it in itself.
struct TellingText {
    std::string_view head;
    std::string_view tail;
    std::string_view name;            ///< of the library, as this text tells
    std::string_view version_prefix;  ///< behind which .rodata has the version; empty: it does not tell
};

struct LibraryName {
    std::string name;
    std::string version;  ///< empty when the file does not tell
};

/// What is known of how a library looks inside, for one image of it. May keep references to what it was made
/// of.
class LibraryCode {
  public:
    LibraryCode() = default;
    LibraryCode(const LibraryCode&) = delete;
    LibraryCode& operator=(const LibraryCode&) = delete;
    virtual ~LibraryCode() = default;

    /// The functions to which a jump out of a function that makes this call may lead; empty: not known.
    virtual std::vector<std::uint64_t> targets_of(const IndirectTailJump& /*jump*/, tls_call /*call*/) {
        return {};
    }
    /// Sites that the plaintext of every record passes once, with all that is to be known of it at hand.
    virtual std::vector<ProbedFunction> record_sites() { return {}; }
    /// Functions without symbols that were found by what is known of the library, under the names that its
    /// source gives them.
    virtual ElfSymbols functions() { return {}; }
    /// Where the values of `form` still are when a call returns, of the function at `address`; nullopt: not
    /// known.
    virtual std::optional<CallForm> at_return(std::uint64_t /*address*/, const FunctionFlow& /*flow*/,
                                              const CallForm& /*form*/) {
        return std::nullopt;
    }
};

/// Where the names of a library's functions are found.
enum class NameTable : std::uint8_t {
    symbols,  ///< .dynsym, .symtab
    go,       ///< go_functions.h
};

/// All that sslsniff knows of one TLS library. docs/adding_a_tls_library.md explains the fields by an
/// example.
struct TlsLibrary {
    std::string_view name;
    /// What --tls calls it, in lower case; its variants, if it has any, are called like LibraryName::name.
    /// Empty when it is only named.
    std::span<const std::string_view> words{};
    NameTable names = NameTable::symbols;
    /// A file that defines all of these functions contains it; empty: they do not tell.
    std::span<const std::string_view> functions{};
    std::string_view version_prefix{};     ///< behind which .rodata has the version; empty: it does not tell
    std::span<const TellingText> texts{};  ///< the first that is found counts
    /// Recognises it where neither functions nor texts do.
    std::optional<LibraryName> (*recognise)(const ElfImage& image) = nullptr;
    /// What keeps its functions in this file from being probed, as TlsIdentity::obstacle; empty: nothing.
    std::string (*obstacle)(const ElfImage& image, const ElfSymbols& symbols) = nullptr;
    /// Which of several libraries with the same functions a file contains; nullopt when it does not tell.
    std::optional<LibraryName> (*variant)(const ElfImage& image) = nullptr;

    /// What is probed; empty, without `unnamed`: it is only named, and said not to be captured.
    std::span<const WantedFunction> calls{};
    /// A file that defines all of these is another part of it, or the same: it may tell the version, and has
    /// the `transports`.
    std::span<const std::string_view> companion_functions{};
    /// The functions by which it reads and writes memory.
    std::span<const WantedFunction> transports{};
    std::span<const InternalFunction> internals{};
    UnnamedLibrary unnamed{};
    /// How the names of its files begin where programs find them.
    std::span<const std::string_view> file_names{};

    /// For what is not told by public functions alone: made of the image and its functions, among them those
    /// of `code_symbols`.
    std::unique_ptr<LibraryCode> (*code)(const ElfImage& image, const ElfSymbols& symbols) = nullptr;
    std::span<const std::string_view> code_symbols{};

    /// What users can do about a library without `calls`: ends a sentence that says so.
    std::string_view advice{};

    bool is_captured() const { return !calls.empty() || unnamed.find != nullptr; }
};

}  // namespace sslsniff
