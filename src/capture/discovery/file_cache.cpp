#include "capture/discovery/file_cache.h"

#include <cstring>
#include <fstream>
#include <vector>

namespace sslsniff {
namespace {

/// An InspectedFile with a problem alone, for files that are there but cannot be understood.
std::shared_ptr<const InspectedFile> not_understood(std::string problem) {
    auto file = std::make_shared<InspectedFile>();
    file->problem = std::move(problem);
    return file;
}

/// Byte by byte: equal build ids prove nothing, and a probe at a wrong place would break its program.
bool are_equal(const std::string& one, const std::string& other) {
    std::ifstream first(one, std::ios::binary);
    std::ifstream second(other, std::ios::binary);
    std::vector<char> from_first(std::size_t{1} << 18);
    std::vector<char> from_second(from_first.size());
    while (first && second) {
        first.read(from_first.data(), static_cast<std::streamsize>(from_first.size()));
        second.read(from_second.data(), static_cast<std::streamsize>(from_second.size()));
        if (first.gcount() != second.gcount() || std::memcmp(from_first.data(), from_second.data(),
                                                             static_cast<std::size_t>(first.gcount())) != 0) {
            return false;
        }
    }
    return first.eof() && second.eof();
}

}  // namespace

std::shared_ptr<const InspectedFile> FileCache::inspect(const std::string& path, FileStamp& stamp) {
    const auto image = ElfImage::open(path);
    if (!image) {
        return image.error().problem == ElfProblem::not_elf ? nullptr : not_understood(image.error().message);
    }
    stamp = image->stamp();
    if (auto equal = find_equal(*image, path)) {
        return equal;
    }
    auto file = std::make_shared<const InspectedFile>(inspect_image(*image));
    if (!file->build_id.empty()) {
        by_build_id_[file->build_id] = {path, file};
    }
    return file;
}

std::shared_ptr<const InspectedFile> FileCache::find_equal(const ElfImage& image, const std::string& path) {
    const auto known = by_build_id_.find(image.build_id());
    if (known == by_build_id_.end() || known->second.second->stamp.size != image.stamp().size ||
        !are_equal(path, known->second.first)) {
        return nullptr;
    }
    auto file = std::make_shared<InspectedFile>(*known->second.second);
    file->stamp = image.stamp();
    file->is_overlay = image.is_overlay();
    return file;
}

std::shared_ptr<const InspectedFile> FileCache::by_path(const std::string& path) {
    const auto stamp = stamp_of(path);
    if (!stamp) {
        return nullptr;
    }
    const auto known = files_.find(stamp->id);
    if (known != files_.end() && known->second.stamp == *stamp) {
        return known->second.file;
    }
    Known found{*stamp, nullptr};
    found.file = inspect(path, found.stamp);
    return files_.insert_or_assign(found.stamp.id, found).first->second.file;
}

std::shared_ptr<const UsedFile> FileCache::in_root(const FileRoot& root, const std::string& path) {
    UsedFile used{nullptr, root.prefix + path, path};
    if (const std::string shown = files_below(used.open_path, root.mountinfo).shown; !shown.empty()) {
        used.file = by_path(shown);
        used.open_path = used.file ? shown : used.open_path;
    }
    if (!used.file) {
        used.file = by_path(used.open_path);
    }
    return used.file ? std::make_shared<const UsedFile>(std::move(used)) : nullptr;
}

UsedFiles FileCache::by_mapping(const ProcFs& proc, pid_t pid, const Mapping& mapping) {
    MappedFile key{mapping.device, mapping.inode, mapping.path};
    if (const auto known = mapped_.find(key); known != mapped_.end()) {
        return known->second;
    }
    auto used = find_mapped(proc, pid, mapping);
    // A process that ended meanwhile says nothing about the file.
    if (!used.empty() || proc.status(pid)) {
        mapped_.emplace(std::move(key), used);
    }
    return used;
}

UsedFiles FileCache::find_mapped(const ProcFs& proc, pid_t pid, const Mapping& mapping) {
    UsedFiles found;
    const auto add = [&](const std::string& path, std::shared_ptr<const InspectedFile> file, bool shadowed) {
        if (file) {
            found.push_back(std::make_shared<const UsedFile>(
                UsedFile{std::move(file), path, mapping.path, mapping.deleted, shadowed}));
        }
    };
    const std::string link = proc.mapping_path(pid, mapping);
    if (const auto mapped = stamp_of(link)) {
        const FilesBelow below = files_below(link, proc.mountinfo_path(pid));
        for (const std::string& path : {below.shown, below.shadowed}) {
            if (!path.empty()) {
                add(path, by_path(path), path == below.shadowed);
            }
        }
        if (found.empty()) {
            // The plain name outlives the process.
            const auto named = stamp_of(mapping.path);
            const std::string path = named && named->id == mapped->id ? mapping.path : link;
            add(path, by_path(path), false);
        }
    } else if (const std::string path = proc.path_of_process(pid, mapping.path);
               const auto named = stamp_of(path)) {
        add(path,
            named->id.inode == mapping.inode
                ? by_path(path)
                : not_understood(
                      "it was replaced on disk, and opening the old one needs CAP_CHECKPOINT_RESTORE"),
            false);
    }
    return found;
}

}  // namespace sslsniff
