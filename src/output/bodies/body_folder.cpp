#include "output/bodies/body_folder.h"

#include <utility>

namespace sslsniff {

BodyFolder::BodyFolder(std::string path, FileRules& rules, std::uint64_t quota)
    : directory_(PrivateFolder(std::move(path), "save bodies in", rules)) {
    directory_.quota = quota;
}

std::shared_ptr<BodyRecord> BodyFolder::open(std::string_view content_encoding) {
    return std::make_shared<BodyFile>(directory_, std::string(content_encoding));
}

Result<void> BodyFolder::status() const {
    return directory_.error.empty() ? Result<void>() : fail(ErrorKind::output, directory_.error);
}

}  // namespace sslsniff
