#include "app/control_setup.h"

#include <unistd.h>

#include <filesystem>
#include <string>
#include <utility>

#include "control/control_place.h"
#include "separation/messages.h"

namespace sslsniff {
namespace {

struct Place {
    std::string folder;
    std::string name;
    bool make_folder = false;
};

Place place_of(const std::optional<std::string>& path) {
    if (!path) {
        return {default_control_folder(), control_name(::getpid()), true};
    }
    const std::filesystem::path given(*path);
    return {given.has_parent_path() ? given.parent_path().string() : ".", given.filename().string(), false};
}

Result<std::unique_ptr<ControlSocket>> make(const Place& place, separation::AttacherLink& attacher) {
    if (place.folder.empty() || place.name.empty()) {
        return fail(ErrorKind::usage, "the path of a socket ends with its name");
    }
    const auto folder = open_control_folder(place.folder, place.make_folder);
    if (!folder) {
        return std::unexpected(folder.error());
    }
    auto socket = ControlSocket::listen(folder->get(), place.name);
    if (socket) {
        attacher.send(separation::ask::RemoveAtEnd{place.name}, folder->get());
    }
    return socket;
}

}  // namespace

Result<std::unique_ptr<ControlSocket>> open_control(const Options& options,
                                                    separation::AttacherLink& attacher) {
    if (options.control == Options::kNoControl) {
        return nullptr;
    }
    auto socket = make(place_of(options.control), attacher);
    if (socket || !options.control) {
        return socket ? std::move(socket) : nullptr;
    }
    return fail(socket.error().kind, "--control: " + socket.error().message);
}

}  // namespace sslsniff
