#include "capture/discovery/container_id.h"

#include <gtest/gtest.h>

#include <filesystem>
#include <string>

#include "unit/capture/discovery/temp_folder.h"

namespace sslsniff {
namespace {

const std::string kId = "0123456789abcdef0123456789abcdef0123456789abcdef0123456789abcdef";

TEST(ContainerId, SixtyFourHexDigits) {
    EXPECT_EQ(container_id_of("0::/kubepods.slice/pod12/cri-containerd-" + kId + ".scope\n"), kId);
    EXPECT_EQ(container_id_of("12:pids:/docker/" + kId + "\n"), kId);
    EXPECT_EQ(container_id_of("0::/../libpod-" + kId + "\n"), kId);
    EXPECT_EQ(container_id_of("2:memory:/libpod_parent/libpod-" + kId + "\n1:name=systemd:/\n0::/\n"), kId);
    EXPECT_EQ(container_id_of("0::/user.slice/user-1000.slice/session-2.scope\n"), "");
    EXPECT_EQ(container_id_of("0::/" + kId + "0\n"), "");
    EXPECT_EQ(container_id_of("nothing like it"), "");
}

TEST(ContainerId, NamesOfLxcAndMachines) {
    EXPECT_EQ(container_id_of_path("/lxc.payload.web"), "web");
    EXPECT_EQ(container_id_of_path("/lxc.payload.web-1/system.slice/nginx.service"), "web-1");
    EXPECT_EQ(container_id_of_path("/lxc.monitor.web"), "");
    EXPECT_EQ(container_id_of_path("/machine.slice/machine-deb\\x2d12.scope/payload/init.scope"), "deb-12");
    EXPECT_EQ(container_id_of_path("/machine.slice/systemd-nspawn@web.service/payload"), "web");
    EXPECT_EQ(container_id_of_path("/machine.slice/machine-qemu\\x2d1\\x2dvm.scope"), "");
    EXPECT_EQ(container_id_of_path("/machine.slice/machine-.scope"), "");
    EXPECT_EQ(container_id_of_path("/machine.slice/machine-a\\x2.scope"), "a\\x2");
    EXPECT_EQ(container_id_of_path(""), "");
}

TEST(ContainerId, ContainerdsOwnByItsState) {
    const test::TempFolder folder;
    std::filesystem::create_directories(folder.path() + "/default/web-1");
    EXPECT_EQ(containerd_id_of("0::/default/web-1\n", folder.path()), "web-1");
    EXPECT_EQ(containerd_id_of("0::/default/web-2\n", folder.path()), "");
    EXPECT_EQ(containerd_id_of("0::/default\n", folder.path()), "");
    EXPECT_EQ(containerd_id_of("0::/default/..\n", folder.path()), "");
    EXPECT_EQ(containerd_id_of("", folder.path()), "");
}

}  // namespace
}  // namespace sslsniff
