#include "capture/discovery/program_files.h"

#include <dirent.h>
#include <fcntl.h>
#include <fmt/format.h>
#include <sys/stat.h>
#include <unistd.h>

#include <algorithm>
#include <array>
#include <cstdlib>
#include <fstream>
#include <memory>
#include <ranges>
#include <set>

#include "base/text.h"
#include "capture/discovery/tls_libraries.h"

namespace sslsniff {
namespace {

constexpr std::size_t kMaxClosure = 1024;
constexpr int kMaxInterpreters = 5;  // BINPRM_MAX_RECURSION
constexpr std::array kLibraryFolders{"/lib/x86_64-linux-gnu",
                                     "/usr/lib/x86_64-linux-gnu",
                                     "/lib/aarch64-linux-gnu",
                                     "/usr/lib/aarch64-linux-gnu",
                                     "/lib64",
                                     "/usr/lib64",
                                     "/lib",
                                     "/usr/lib",
                                     "/usr/local/lib",
                                     "/usr/local/lib64"};

std::string read_prefix(const std::string& path, std::size_t limit) {
    std::ifstream file(path, std::ios::binary);
    std::string text(limit, '\0');
    file.read(text.data(), static_cast<std::streamsize>(limit));
    text.resize(static_cast<std::size_t>(std::max<std::streamsize>(file.gcount(), 0)));
    return text;
}

bool is_regular(const std::string& path) {
    struct stat info{};
    return ::stat(path.c_str(), &info) == 0 && S_ISREG(info.st_mode);
}

bool is_tls_library(std::string_view file_name) {
    return std::ranges::any_of(tls_libraries(), [&](const TlsLibrary* library) {
        return std::ranges::any_of(library->file_names,
                                   [&](std::string_view name) { return file_name.starts_with(name); });
    });
}

std::string folder_of(const std::string& path) {
    const auto slash = path.rfind('/');
    return slash == std::string::npos ? "." : path.substr(0, std::max<std::size_t>(slash, 1));
}

std::vector<std::string> split(std::string_view text, char separator) {
    std::vector<std::string> parts;
    for (const auto part : std::views::split(text, separator)) {
        parts.emplace_back(part.begin(), part.end());
    }
    return parts;
}

/// The words of the first line of a script behind "#!"; empty for anything else.
std::vector<std::string> interpreter_line(const std::string& path) {
    constexpr std::size_t kMaxLine = 256;  // BINPRM_BUF_SIZE
    const std::string head = is_regular(path) ? read_prefix(path, kMaxLine) : std::string{};
    if (!head.starts_with("#!")) {
        return {};
    }
    std::string line = head.substr(2, head.find('\n') - 2);
    std::ranges::replace(line, '\t', ' ');
    std::vector<std::string> words = split(line, ' ');
    std::erase(words, "");
    return words;
}

}  // namespace

ProgramFiles::ProgramFiles(FileCache& cache, LdCache& ld_cache, const std::string& library_path,
                           FileRoot root)
    : cache_(cache),
      root_(std::move(root)),
      library_path_(library_path.empty() ? std::vector<std::string>() : split(library_path, ':')),
      installed_(ld_cache.libraries(root_.prefix + "/etc/ld.so.cache")) {}

bool ProgramFiles::is_there(const std::string& path) const {
    return is_regular(root_.prefix + path);
}

std::string ProgramFiles::locate(const std::string& name, const std::string& user,
                                 const InspectedFile& file) const {
    if (name.contains('/')) {
        return name;
    }
    for (std::string folder : file.search_path) {
        for (const std::string_view origin : {"$ORIGIN", "${ORIGIN}"}) {
            if (const auto at = folder.find(origin); at != std::string::npos) {
                folder.replace(at, origin.size(), folder_of(user));
            }
        }
        if (std::string path = fmt::format("{}/{}", folder, name); is_there(path)) {
            return path;
        }
    }
    for (const std::string& folder : library_path_) {
        if (std::string path = fmt::format("{}/{}", folder.empty() ? "." : folder, name); is_there(path)) {
            return path;
        }
    }
    // Not ld.so's rule, but a library that is not installed goes with those beside it.
    if (user.contains(".so")) {
        if (std::string path = fmt::format("{}/{}", folder_of(user), name); is_there(path)) {
            return path;
        }
    }
    const auto [first, last] = installed_.equal_range(name);
    const auto cached =
        std::find_if(first, last, [this](const auto& entry) { return is_there(entry.second); });
    if (cached != last) {
        return cached->second;
    }
    for (const std::string_view folder : kLibraryFolders) {
        if (std::string path = fmt::format("{}/{}", folder, name); is_there(path)) {
            return path;
        }
    }
    return {};
}

UsedFiles ProgramFiles::closure(const std::string& path) {
    auto used = cache_.in_root(root_, path);
    return used ? closure(UsedFiles{std::move(used)}) : UsedFiles();
}

UsedFiles ProgramFiles::closure(UsedFiles files) {
    std::set<std::string> seen;
    std::ranges::for_each(files, [&](const auto& used) { seen.insert(used->display_path); });
    for (std::size_t next = 0; next < files.size() && seen.size() < kMaxClosure; ++next) {
        const std::shared_ptr<const UsedFile> user = files[next];
        for (const std::string& name : user->file->needed) {
            const std::string found = locate(name, user->display_path, *user->file);
            if (found.empty() || !seen.insert(found).second) {
                continue;
            }
            if (auto used = cache_.in_root(root_, found)) {
                files.push_back(std::move(used));
            }
        }
    }
    return files;
}

std::vector<std::string> ProgramFiles::installed_tls_libraries() const {
    std::set<std::string> paths;
    for (const auto& [name, path] : installed_) {
        if (is_tls_library(name)) {
            paths.insert(path);
        }
    }
    for (const char* const folder : kLibraryFolders) {
        const std::unique_ptr<DIR, int (*)(DIR*)> open_folder(::opendir(folder), &::closedir);
        while (const dirent* item = open_folder ? ::readdir(open_folder.get()) : nullptr) {
            if (is_tls_library(item->d_name)) {
                paths.insert(fmt::format("{}/{}", folder, item->d_name));
            }
        }
    }
    // names without a version (libssl.so) are links for compilers
    std::set<std::string> real_paths;
    for (const std::string& path : paths) {
        const std::unique_ptr<char, decltype(&std::free)> real(::realpath(path.c_str(), nullptr), &std::free);
        real_paths.insert(real ? real.get() : path);
    }
    return {real_paths.begin(), real_paths.end()};
}

Result<std::string> find_command(const std::string& command, const std::string& search_path) {
    if (command.contains('/')) {
        if (is_regular(command)) {
            return command;
        }
        return fail(ErrorKind::not_found,
                    fmt::format("{} is not a program: no such file", printable(command)));
    }
    for (const std::string& folder : split(search_path, ':')) {
        std::string path = fmt::format("{}/{}", folder.empty() ? "." : folder, command);
        if (is_regular(path) && ::access(path.c_str(), X_OK) == 0) {
            return path;
        }
    }
    return fail(
        fmt::format("no program {} in PATH ({}): give its path", printable(command), printable(search_path)));
}

Result<std::string> find_program(const std::string& path, const std::string& search_path) {
    std::string program = path;
    for (int depth = 0; depth < kMaxInterpreters; ++depth) {
        std::vector<std::string> words = interpreter_line(program);
        if (words.empty()) {
            return program;
        }
        program = words.front();
        if (program.ends_with("/env")) {
            // env [-S] [NAME=VALUE]... PROGRAM
            const auto name = std::ranges::find_if(words | std::views::drop(1), [](const std::string& word) {
                return !word.starts_with('-') && !word.contains('=');
            });
            if (name != words.end()) {
                auto found = find_command(*name, search_path);
                if (!found) {
                    return found;
                }
                program = std::move(*found);
            }
        }
    }
    return fail(fmt::format("the interpreters of {} form a loop", printable(path)));
}

}  // namespace sslsniff
