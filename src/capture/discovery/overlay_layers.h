#pragma once

#include <optional>
#include <string>
#include <string_view>
#include <vector>

namespace sslsniff {

/// The same file as each layer of an overlayfs would hold it. Not every layer does.
struct LayerPaths {
    std::string upper;               ///< empty when the mount is read-only
    std::vector<std::string> lower;  ///< topmost first
};

/// Where `path` lies in the layers of the overlayfs it is on, by the text of the mountinfo (proc(5)) of
/// whoever sees it under that path. Nothing when it lies on something else. The paths of layers are those
/// that were given when it was mounted: of the host, for a container.
std::optional<LayerPaths> layer_paths(std::string_view mountinfo, std::string_view path);

/// The real files behind one that overlayfs shows.
struct FilesBelow {
    std::string
        shown;  ///< what is mapped by whoever maps it now; empty: its layers cannot be reached from here
    std::string shadowed;  ///< what was mapped before, of a lower layer; empty when there is none
};

/// Of a file that can be opened from here as `view`, in a mount namespace of which `mountinfo_file` tells.
/// When a file of the image is changed, if only by chmod or touch, overlayfs copies it up: who mapped it
/// before goes on with the lower file, whoever comes then maps the copy, and device and inode number stay the
/// same for both. Nothing is found of what is not on overlayfs.
FilesBelow files_below(const std::string& view, const std::string& mountinfo_file);

}  // namespace sslsniff
