#include "capture/discovery/elf_image.h"
#include "capture/discovery/elf_texts.h"

#include <gtest/gtest.h>
#include <sys/mman.h>
#include <unistd.h>

#include <array>

#include "capture/discovery/inspected_file.h"
#include "unit/capture/discovery/elf_builder.h"
#include "unit/capture/discovery/temp_folder.h"

namespace sslsniff {
namespace {

constexpr std::array<std::string_view, 3> kNames{"SSL_read", "SSL_free", "absent"};

TEST(ElfImage, ReadsWhatIsThere) {
    const test::TempFolder folder;
    auto elf = test::openssl_like();
    elf.needs("libcrypto.so.3");
    const auto image = ElfImage::open(folder.write("libssl.so.3", elf.build()));
    ASSERT_TRUE(image.has_value()) << image.error().message;
    EXPECT_EQ(image->machine(), Machine::x86_64);
    EXPECT_EQ(image->build_id(), "abcdef01");
    EXPECT_EQ(image->dynamic().needed, std::vector<std::string>{"libcrypto.so.3"});
    EXPECT_EQ(version_after(*image, ".rodata", "OpenSSL "), "3.0.17");
    EXPECT_EQ(version_after(*image, ".rodata", "LibreSSL "), std::nullopt);
    const auto found = image->find_functions(kNames);
    ASSERT_EQ(found.size(), 2U);
    const ElfSymbol read = found.at("SSL_read");
    EXPECT_EQ(image->file_offset(read.address),
              read.address - test::ElfBuilder::kTextAddress + test::ElfBuilder::kTextOffset);
    EXPECT_EQ(image->code(read.address, 4), "\x48\x83\xEC\x18");
    EXPECT_EQ(image->file_offset(0), std::nullopt);
    EXPECT_EQ(image->file_offset(~std::uint64_t{0}), std::nullopt);
    EXPECT_TRUE(image->code(0, 16).empty());
}

TEST(ElfImage, VersionsInTexts) {
    const test::TempFolder folder;
    const auto version = [&](std::string_view text) {
        test::ElfBuilder elf;
        elf.function("f", "\xC3");
        elf.rodata("OpenSSL default");
        elf.rodata(text);
        return version_after(*ElfImage::open(folder.write("lib", elf.build())), ".rodata", "OpenSSL ");
    };
    EXPECT_EQ(version("OpenSSL 1.1.1w  11 Sep 2023"), "1.1.1w");
    EXPECT_EQ(version(ByteView("uses OpenSSL 3.0 and\0OpenSSL 3.0.19+quic 27 Jan 2026", 52)), "3.0.19+quic");
    EXPECT_EQ(version("OpenSSL 3.0 API"), "3.0");
    EXPECT_EQ(version("OpenSSL"), std::nullopt);
    // across the pieces in which it is read
    EXPECT_EQ(version(std::string((256 << 10) - 21, 'x') + "OpenSSL 3.5.4 30 Sep 2025"), "3.5.4");
}

TEST(ElfImage, SaysWhatIsWrong) {
    const test::TempFolder folder;
    const auto problem = [](const std::string& path) {
        const auto image = ElfImage::open(path);
        EXPECT_FALSE(image.has_value()) << path;
        return image ? ElfProblem::unreadable : image.error().problem;
    };
    EXPECT_EQ(problem(folder.path("absent")), ElfProblem::unreadable);
    EXPECT_EQ(problem(folder.path()), ElfProblem::not_elf);
    EXPECT_EQ(problem("/dev/null"), ElfProblem::not_elf);
    EXPECT_EQ(problem(folder.write("script", "#!/bin/sh\n")), ElfProblem::not_elf);
    EXPECT_EQ(problem(folder.write("empty", "")), ElfProblem::not_elf);
    EXPECT_EQ(problem(folder.write("32-bit", ByteView("\x7f"
                                                      "ELF\1\1\1\0\0\0\0\0\0\0\0\0",
                                                      16))),
              ElfProblem::unsupported);
    auto elf = test::openssl_like();
    elf.machine(21);  // EM_PPC64
    EXPECT_EQ(problem(folder.write("ppc64", elf.build())), ElfProblem::unsupported);
}

void inspect_bytes(ByteView bytes) {
    UniqueFd file(::memfd_create("elf", MFD_CLOEXEC));
    ASSERT_EQ(::write(file.get(), bytes.data(), bytes.size()), static_cast<ssize_t>(bytes.size()));
    if (const auto image = ElfImage::from_descriptor(std::move(file))) {
        inspect_image(*image);
    }
}

TEST(ElfImage, DamagedFilesAreSurvived) {
    const Bytes whole = test::openssl_like().build();
    for (std::size_t size = 0; size < whole.size(); size += size < 256 ? 1 : 61) {
        inspect_bytes(ByteView(whole).substr(0, size));
    }
    const std::size_t section_headers = whole.size() - std::size_t{8} * 64;
    for (std::size_t at = 0; at < whole.size(); at += at < 128 || at >= section_headers ? 1 : 61) {
        Bytes damaged = whole;
        damaged[at] = static_cast<char>(~damaged[at]);
        inspect_bytes(damaged);
    }
}

}  // namespace
}  // namespace sslsniff
