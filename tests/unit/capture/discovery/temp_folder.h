#pragma once

#include <filesystem>
#include <fstream>
#include <string>
#include <string_view>

namespace sslsniff::test {

/// A folder of its own for one test, removed with it.
class TempFolder {
  public:
    TempFolder() {
        std::string name = std::filesystem::temp_directory_path() / "sslsniff-test-XXXXXX";
        path_ = ::mkdtemp(name.data());
    }
    TempFolder(const TempFolder&) = delete;
    TempFolder& operator=(const TempFolder&) = delete;
    ~TempFolder() {
        std::error_code ignored;
        std::filesystem::remove_all(path_, ignored);
    }

    std::string path(std::string_view name = {}) const { return name.empty() ? path_ : path_ / name; }

    std::string write(std::string_view name, std::string_view contents) const {
        const auto file = path_ / name;
        std::filesystem::create_directories(file.parent_path());
        std::ofstream(file, std::ios::binary)
            .write(contents.data(), static_cast<std::streamsize>(contents.size()));
        return file;
    }
    void link(std::string_view name, const std::string& target) const {
        const auto file = path_ / name;
        std::filesystem::create_directories(file.parent_path());
        std::filesystem::create_symlink(target, file);
    }

  private:
    std::filesystem::path path_;
};

}  // namespace sslsniff::test
