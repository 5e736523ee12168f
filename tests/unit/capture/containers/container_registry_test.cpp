#include "capture/containers/container_registry.h"

#include <gtest/gtest.h>
#include <stdlib.h>
#include <sys/stat.h>

#include <filesystem>
#include <fstream>
#include <string>

namespace sslsniff {
namespace {

namespace fs = std::filesystem;

const std::string kId(64, 'a');

class ContainerRegistryTest : public testing::Test {
  protected:
    ContainerRegistryTest() {
        std::string form = (fs::temp_directory_path() / "containersXXXXXX").string();
        root_ = fs::path(::mkdtemp(form.data()));
        fs::create_directory(root_ / "proc");
    }
    ContainerRegistryTest(const ContainerRegistryTest&) = delete;
    ContainerRegistryTest& operator=(const ContainerRegistryTest&) = delete;
    ~ContainerRegistryTest() override { fs::remove_all(root_); }

    void put(const std::string& path, const std::string& text) const {
        fs::create_directories((root_ / path).parent_path());
        std::ofstream(root_ / path, std::ios::binary) << text;
    }
    ContainerRegistry registry() const {
        return ContainerRegistry(root_.string(), (root_ / "proc").string());
    }

    fs::path root_;
};

TEST_F(ContainerRegistryTest, AsksOneRuntimeAfterTheOther) {
    const std::string crio(64, 'b');
    const std::string kubelet(64, 'c');
    put("var/lib/docker/containers/" + kId + "/config.v2.json", R"({"Name":"/web"})");
    put("var/lib/containers/storage/overlay-containers/containers.json",
        R"([{"id":")" + crio + R"(","names":["db"],"metadata":"{}"}])");
    put("run/containerd/io.containerd.runtime.v2.task/k8s.io/" + kubelet + "/config.json",
        R"({"annotations":{"io.kubernetes.cri.container-name":"app"}})");
    put("run/containerd/io.containerd.runtime.v2.task/default/web-1/config.json", R"({"ociVersion":"1"})");
    auto all = registry();
    EXPECT_EQ(all.find(kId).name, "web");
    EXPECT_EQ(all.find(crio).name, "db");
    EXPECT_EQ(all.find(kubelet).name, "app");
    EXPECT_EQ(all.find("web-1").name, "web-1");
    EXPECT_EQ(all.find(std::string(64, 'd')), ContainerNames());
    EXPECT_EQ(all.find(""), ContainerNames());
}

TEST_F(ContainerRegistryTest, PathsInIdsLeadNowhere) {
    put("secret/config.json", R"({"ociVersion":"1"})");
    fs::create_directories(root_ / "run/containerd/io.containerd.runtime.v2.task/default");
    EXPECT_EQ(registry().find("../../../../secret"), ContainerNames());
    EXPECT_EQ(registry().find(".."), ContainerNames());
}

TEST_F(ContainerRegistryTest, ConmonKnowsOtherPlaces) {
    const auto words = [](std::initializer_list<std::string> all) {
        std::string text;
        for (const auto& word : all) {
            text += word + '\0';
        }
        return text;
    };
    put("proc/17/comm", "conmon\n");
    put("proc/17/cmdline", words({"/usr/bin/conmon", "-c", kId, "-n", "web", "--exit-command-arg", "--root",
                                  "--exit-command-arg", "/home/me/storage"}));
    EXPECT_EQ(registry().find(kId), (ContainerNames{.runtime = "podman", .name = "web"}));
    put("home/me/storage/overlay-containers/containers.json",
        R"([{"id":")" + kId + R"(","names":["web"],"metadata":"{\"image-name\":\"img\"}"}])");
    EXPECT_EQ(registry().find(kId), (ContainerNames{.runtime = "podman", .name = "web", .image = "img"}));
}

TEST_F(ContainerRegistryTest, AnybodyCanCallAProgramConmon) {
    put("proc/17/comm", "conmon\n");
    put("proc/17/cmdline",
        "conmon" + std::string(1, '\0') + "-c" + '\0' + kId + '\0' + "-n" + '\0' + "false" + '\0');
    put("run/containerd/io.containerd.runtime.v2.task/k8s.io/" + kId + "/config.json",
        R"({"annotations":{"io.kubernetes.cri.container-name":"true"}})");
    EXPECT_EQ(registry().find(kId).name, "true");
}

TEST_F(ContainerRegistryTest, WhatIsStillBeingWrittenIsFoundLater) {
    auto all = registry();
    EXPECT_EQ(all.find(kId), ContainerNames());
    put("var/lib/docker/containers/" + kId + "/config.v2.json", R"({"Name":"/late"})");
    EXPECT_EQ(all.find(kId).name, "late");
    put("var/lib/docker/containers/" + kId + "/config.v2.json", R"({"Name":"/renamed"})");
    EXPECT_EQ(all.find(kId).name, "late") << "it is remembered";
}

TEST_F(ContainerRegistryTest, FifosAreNotWaitedFor) {
    const auto folder = root_ / "run/containerd/io.containerd.runtime.v2.task/default/box";
    fs::create_directories(folder);
    ASSERT_EQ(::mkfifo((folder / "config.json").c_str(), 0600), 0);
    EXPECT_EQ(registry().find("box"), ContainerNames());
}

TEST(ContainerMatchTest, ByNameOrId) {
    const ContainerNames names{.runtime = "docker", .name = "web"};
    EXPECT_TRUE(is_called(names, kId, "web"));
    EXPECT_TRUE(is_called(names, kId, kId));
    EXPECT_TRUE(is_called(names, kId, kId.substr(0, 12)));
    EXPECT_FALSE(is_called(names, kId, "aaa")) << "too short for an id";
    EXPECT_FALSE(is_called(names, kId, "we"));
    EXPECT_FALSE(is_called(names, "web-12345", "web-")) << "names are whole";
    EXPECT_FALSE(is_called({}, "", ""));
}

TEST(ContainerMatchTest, ByPod) {
    const ContainerNames names{
        .runtime = "containerd", .name = "app", .pod = "shop", .pod_namespace = "prod"};
    EXPECT_TRUE(is_of_pod(names, "prod/shop"));
    EXPECT_FALSE(is_of_pod(names, "prod/other"));
    EXPECT_FALSE(is_of_pod(names, "shop"));
    EXPECT_FALSE(is_of_pod({}, "/"));
}

}  // namespace
}  // namespace sslsniff
