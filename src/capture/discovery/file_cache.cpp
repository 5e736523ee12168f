#include "capture/discovery/file_cache.h"

namespace sslsniff {
namespace {

/// An InspectedFile with a problem alone, for files that are there but cannot be understood.
std::shared_ptr<const InspectedFile> not_understood(std::string problem) {
    auto file = std::make_shared<InspectedFile>();
    file->problem = std::move(problem);
    return file;
}

std::shared_ptr<const InspectedFile> inspect(const std::string& path, FileStamp& stamp) {
    const auto image = ElfImage::open(path);
    if (image) {
        stamp = image->stamp();
        return std::make_shared<const InspectedFile>(inspect_image(*image));
    }
    return image.error().problem == ElfProblem::not_elf ? nullptr : not_understood(image.error().message);
}

}  // namespace

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

std::shared_ptr<const UsedFile> FileCache::by_mapping(const ProcFs& proc, pid_t pid, const Mapping& mapping) {
    MappedFile key{mapping.device, mapping.inode, mapping.path};
    if (const auto known = mapped_.find(key); known != mapped_.end()) {
        return known->second;
    }
    auto used = find_mapped(proc, pid, mapping);
    // A process that ended meanwhile says nothing about the file.
    if (used || proc.status(pid)) {
        mapped_.emplace(std::move(key), used);
    }
    return used;
}

std::shared_ptr<const UsedFile> FileCache::find_mapped(const ProcFs& proc, pid_t pid,
                                                       const Mapping& mapping) {
    UsedFile used{nullptr, {}, mapping.path, mapping.deleted};
    const std::string link = proc.mapping_path(pid, mapping);
    if (const auto mapped = stamp_of(link)) {
        // The plain name outlives the process.
        const auto named = stamp_of(mapping.path);
        used.open_path = named && named->id == mapped->id ? mapping.path : link;
        used.file = by_path(used.open_path);
    } else if (const std::string path = proc.path_of_process(pid, mapping.path);
               const auto named = stamp_of(path)) {
        used.open_path = path;
        used.file =
            named->id.inode == mapping.inode
                ? by_path(path)
                : not_understood(
                      "it was replaced on disk, and opening the old one needs CAP_CHECKPOINT_RESTORE");
    }
    return used.file ? std::make_shared<const UsedFile>(std::move(used)) : nullptr;
}

}  // namespace sslsniff
