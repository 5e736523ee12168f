#include "capture/discovery/go_functions.h"

#include <gtest/gtest.h>

#include <array>
#include <cstdlib>
#include <cstring>
#include <filesystem>
#include <fstream>

#include "capture/discovery/inspected_file.h"
#include "unit/capture/discovery/elf_builder.h"
#include "unit/capture/discovery/temp_folder.h"

namespace sslsniff {
namespace {

using test::ElfBuilder;

constexpr std::array<std::string_view, 3> kNames{"main.first", "main.second", "crypto/tls.(*Conn).Read"};
constexpr std::uint64_t kTable = 0x600000;
const Bytes kGoCode("\x49\x3B\x66\x10\x76\x01\xC3\xC3", 8);  // cmp 0x10(%r14), %rsp; jbe; ret
const Bytes kFarGoCode("\x4C\x8D\xA4\x24\0\xFE\xFF\xFF\x4D\x3B\x66\x10\xC3",
                       13);                                              // lea -512(%rsp), %r12; cmp
const Bytes kOldGoCode("\x64\x48\x8B\x0C\x25\xF8\xFF\xFF\xFF\xC3", 10);  // mov %fs:-8, %rcx
const Bytes kOtherCode("\x55\x5D\xC3");

template <class Integer>
void append(Bytes& to, Integer value) {
    to.append(reinterpret_cast<const char*>(&value), sizeof value);
}

/// A pclntab as the linker of Go 1.20 writes it (cmd/link/internal/ld/pcln.go), as far as names and places of
/// functions go.
struct TableWriter {
    std::uint32_t magic = 0xFFFFFFF1;
    std::uint64_t text_start = ElfBuilder::kTextAddress;
    std::uint64_t count = 0;  ///< 0: as many as there are

    /// `functions`: name and address; where the last one ends.
    Bytes write(const std::vector<std::pair<std::string_view, std::uint64_t>>& functions,
                std::uint64_t end) const {
        const bool is_new = magic != 0xFFFFFFFA;
        const std::uint64_t header = is_new ? 72 : 64;
        Bytes names("\0first of all\0", 14);
        Bytes list;
        Bytes records;
        const std::size_t entry = is_new ? 4 : 8;
        const std::uint64_t base = is_new ? ElfBuilder::kTextAddress : 0;
        const std::size_t list_size = (functions.size() * 2 + 1) * entry;
        const auto put = [&](Bytes& to, std::uint64_t value) {
            is_new ? append(to, static_cast<std::uint32_t>(value)) : append(to, value);
        };
        for (const auto& [name, address] : functions) {
            put(list, address - base);
            put(list, list_size + records.size());
            put(records, address - base);
            append(records, static_cast<std::uint32_t>(names.size()));
            records.append(8, '\0');
            names.append(name).push_back('\0');
        }
        put(list, end - base);
        Bytes table;
        append(table, magic);
        table.append("\0\0\1\x08", 4);
        append(table, count != 0 ? count : std::uint64_t{functions.size()});
        append(table, std::uint64_t{1});
        if (is_new) {
            append(table, text_start);
        }
        append(table, header);
        for (int i = 0; i < 3; ++i) {
            append(table, header + names.size());
        }
        append(table, header + names.size());
        return table + names + list + records;
    }
};

class GoFunctions : public testing::Test {
  protected:
    /// A program with three functions and its table, which `change` may damage.
    ElfSymbols find(const TableWriter& writer, const Bytes& code = kGoCode,
                    const char* section = ".gopclntab", const std::function<void(Bytes&)>& change = {}) {
        ElfBuilder elf;
        std::vector<std::pair<std::string_view, std::uint64_t>> functions;
        for (const std::string_view name : kNames) {
            functions.emplace_back(name, elf.function("", code));
        }
        first_ = functions[0].second;
        Bytes table = writer.write(functions, elf.next_address());
        if (change) {
            change(table);
        }
        elf.section(section, kTable, table);
        elf.section(".go.buildinfo", 0x700000,
                    Bytes("\xFF Go buildinf:\x08\x02", 16) + Bytes(16, '\0') + "\x08go1.24.4");
        file_ = elf.build();
        return look(file_);
    }
    ElfSymbols look(const Bytes& file) {
        const auto image = ElfImage::open(folder_.write("program", file));
        if (!image) {
            return {};
        }
        version_ = go_version(*image);
        convention_ = convention_at(*image, first_);
        return find_go_functions(*image, kNames);
    }

    test::TempFolder folder_;
    Bytes file_;
    std::uint64_t first_ = 0;
    std::string version_;
    GoConvention convention_ = GoConvention::unknown;
};

TEST_F(GoFunctions, AreFoundByName) {
    for (const std::uint32_t magic : {0xFFFFFFF1U, 0xFFFFFFF0U, 0xFFFFFFFAU}) {
        TableWriter writer;
        writer.magic = magic;
        const ElfSymbols found = find(writer);
        ASSERT_EQ(found.size(), kNames.size()) << std::hex << magic;
        EXPECT_EQ(found.find("main.first")->second.address, ElfBuilder::kTextAddress);
        EXPECT_EQ(found.find("crypto/tls.(*Conn).Read")->second.address, ElfBuilder::kTextAddress + 32);
        EXPECT_EQ(found.find("main.second")->second.size, 16U);
        EXPECT_EQ(version_, "1.24.4");
        EXPECT_EQ(convention_, GoConvention::registers);
    }
}

TEST_F(GoFunctions, FunctionsWithManyLocals) {
    EXPECT_EQ(find({}, kFarGoCode).size(), kNames.size());
    EXPECT_EQ(convention_, GoConvention::registers);
}

TEST_F(GoFunctions, ArgumentsOnTheStack) {
    EXPECT_EQ(find({}, kOldGoCode).size(), kNames.size());
    EXPECT_EQ(convention_, GoConvention::stack);
}

TEST_F(GoFunctions, TheTableAmongOtherData) {
    const auto in_the_midst = [](Bytes& table) {
        table.insert(0, Bytes("\xF1\xFF\xFF\xFF\0\0\1\x08...", 11) + Bytes(53, 'x'));
    };
    EXPECT_EQ(find({}, kGoCode, ".data.rel.ro.gopclntab", in_the_midst).size(), kNames.size());
}

// Go 1.26 and newer leave it to the loader's relocations, or out.
TEST_F(GoFunctions, WhereCodeBeginsIsNotTold) {
    TableWriter writer;
    writer.text_start = 0;
    EXPECT_EQ(find(writer).size(), kNames.size());
    writer.text_start = 0x123456789;
    EXPECT_EQ(find(writer).size(), kNames.size());
}

TEST_F(GoFunctions, CodeThatIsNotGoIsNotBelieved) {
    EXPECT_TRUE(find({}, kOtherCode).empty());
}

TEST_F(GoFunctions, OtherVersionsAreNotGuessed) {
    TableWriter writer;
    writer.magic = 0xFFFFFFF2;
    EXPECT_TRUE(find(writer).empty());
    writer.magic = 0xFFFFFFFB;
    EXPECT_TRUE(find(writer).empty());
}

TEST_F(GoFunctions, MoreFunctionsThanThereAre) {
    TableWriter writer;
    for (const std::uint64_t count : {std::uint64_t{1000}, std::uint64_t{1} << 40U, ~std::uint64_t{0}}) {
        writer.count = count;
        for (const auto& [name, symbol] : find(writer)) {
            EXPECT_GE(symbol.address, ElfBuilder::kTextAddress) << name;
        }
    }
}

// Each cut and each changed byte gives functions that begin as Go's do, or none.
TEST_F(GoFunctions, BrokenTables) {
    ASSERT_EQ(find({}).size(), kNames.size());
    const auto check = [&](const ElfSymbols& found) {
        for (const auto& [name, symbol] : found) {
            const auto image = ElfImage::open(folder_.write("program", file_));
            ASSERT_TRUE(image.has_value());
            EXPECT_EQ(convention_at(*image, symbol.address), GoConvention::registers) << name;
        }
    };
    const std::size_t size = TableWriter().write({{"a", 0}, {"b", 0}, {"c", 0}}, 0).size() + 60;
    for (std::size_t at = 0; at < size; ++at) {
        check(find({}, kGoCode, ".gopclntab",
                   [at](Bytes& table) { table.resize(std::min(at, table.size())); }));
        for (const char byte : {'\0', '\xFF'}) {
            check(find({}, kGoCode, ".gopclntab", [at, byte](Bytes& table) {
                if (at < table.size()) {
                    table[at] = byte;
                }
            }));
        }
    }
}

// What the compiler of this system makes, in the ways that programs are linked.
class InstalledGo : public testing::TestWithParam<std::string> {};

TEST_P(InstalledGo, IsProbedWhereItsMethodsAre) {
    const char* const go = "/usr/bin/go";
    if (!std::filesystem::exists(go)) {
        GTEST_SKIP() << "no go here";
    }
    const test::TempFolder folder;
    const std::string source = folder.write(
        "main.go",
        "package main\n"
        "import (\"crypto/tls\"; \"net/http\"; \"os\")\n"
        "func main() {\n"
        "  if len(os.Args) > 1 { http.ListenAndServeTLS(os.Args[1], os.Args[2], os.Args[3], nil) }\n"
        "  tls.Dial(\"tcp\", \"localhost:1\", nil)\n"
        "}\n");
    const std::string program = source.substr(0, source.rfind('/')) + "/program";
    // the usual cache makes this fast
    const std::string cache = std::getenv("HOME") == nullptr ? "HOME=/tmp " : "";
    const std::string command =
        cache + "GO111MODULE=off " + go + " build " + GetParam() + " -o " + program + " " + source;
    if (std::system(command.c_str()) != 0) {
        GTEST_SKIP() << "cannot run: " << command;
    }
    const auto image = ElfImage::open(program);
    ASSERT_TRUE(image.has_value());
    const InspectedFile file = inspect_image(*image);
    ASSERT_EQ(file.tls.size(), 1U);
    EXPECT_EQ(file.tls[0].identity.name, "Go crypto/tls");
    EXPECT_TRUE(file.tls[0].identity.version.starts_with("1.")) << file.tls[0].identity.version;
    const SiteChoice& sites = file.tls[0].sites;
    EXPECT_TRUE(sites.skipped.empty()) << sites.skipped[0].symbol << ": " << sites.skipped[0].reason;
    ASSERT_EQ(sites.functions.size(), 8U);
    for (const ProbedFunction& function : sites.functions) {
        SCOPED_TRACE(function.symbol);
        EXPECT_FALSE(function.best.entry.is_stepped);
        EXPECT_EQ(function.best.entry.stack, 0U);
        EXPECT_EQ(function.best.returns.empty(), function.is_internal);
        EXPECT_EQ(function.at_return.has_value(), function.form.call == CALL_READ);
    }
}

INSTANTIATE_TEST_SUITE_P(, InstalledGo,
                         testing::Values("", "-ldflags='-s -w'", "-buildmode=pie",
                                         "-buildmode=pie -ldflags='-linkmode=external -s'"));

}  // namespace
}  // namespace sslsniff
