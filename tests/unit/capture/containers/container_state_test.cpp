#include "capture/containers/container_state.h"

#include <gtest/gtest.h>

#include <initializer_list>
#include <string>
#include <string_view>

namespace sslsniff {
namespace {

const std::string kId(64, 'a');

TEST(ContainerStateTest, Docker) {
    const auto names = parse_docker_container(
        R"({"ID":"aa","Name":"/web","Config":{"Image":"nginx:1.25","Labels":{"maintainer":"x"}}})");
    ASSERT_TRUE(names);
    EXPECT_EQ(*names, (ContainerNames{.runtime = "docker", .name = "web", .image = "nginx:1.25"}));
}

TEST(ContainerStateTest, DockerUnderTheKubelet) {
    const auto names = parse_docker_container(
        R"({"Name":"/k8s_app_shop-7d9_prod_0a1b_0","Config":{"Image":"sha256:1","Labels":{
            "io.kubernetes.container.name":"app","io.kubernetes.pod.name":"shop-7d9",
            "io.kubernetes.pod.namespace":"prod"}}})");
    ASSERT_TRUE(names);
    EXPECT_EQ(names->name, "app");
    EXPECT_EQ(names->pod, "shop-7d9");
    EXPECT_EQ(names->pod_namespace, "prod");
}

TEST(ContainerStateTest, Podman) {
    const std::string json =
        R"([{"id":"bb","names":["other"],"metadata":"{\"image-name\":\"x\",\"name\":\"other\"}"},
            {"id":")" +
        kId + R"(","names":["web"],"image":"11","layer":"22",
             "metadata":"{\"image-name\":\"docker.io/library/debian:12\",\"image-id\":\"11\",\"name\":\"web\"}"},
            {"id":"cc","names":["third"],"metadata":"{}"}])";
    const auto names = parse_storage_container(json, kId);
    ASSERT_TRUE(names);
    EXPECT_EQ(*names,
              (ContainerNames{.runtime = "podman", .name = "web", .image = "docker.io/library/debian:12"}));
    EXPECT_EQ(parse_storage_container(json, "cc")->name, "third");
    EXPECT_FALSE(parse_storage_container(json, "dd"));
}

TEST(ContainerStateTest, CriO) {
    const auto names =
        parse_storage_container(R"([{"id":")" + kId + R"(","names":["k8s_app_shop-7d9_prod_0a1b_2"],
             "metadata":"{\"pod-name\":\"k8s_shop-7d9_prod_0a1b_0\",\"pod-id\":\"1\",\"image-name\":\"registry/app:1\",\"name\":\"k8s_app_shop-7d9_prod_0a1b_2\"}"}])",
                                kId);
    ASSERT_TRUE(names);
    EXPECT_EQ(*names, (ContainerNames{.runtime = "cri-o",
                                      .name = "app",
                                      .image = "registry/app:1",
                                      .pod = "shop-7d9",
                                      .pod_namespace = "prod"}));
}

TEST(ContainerStateTest, ContainerdUnderTheKubelet) {
    const auto names = parse_containerd_container(
        R"({"ociVersion":"1.1.0","annotations":{"io.kubernetes.cri.container-name":"app",
            "io.kubernetes.cri.image-name":"registry/app:1","io.kubernetes.cri.sandbox-name":"shop-7d9",
            "io.kubernetes.cri.sandbox-namespace":"prod"}})",
        kId);
    ASSERT_TRUE(names);
    EXPECT_EQ(*names, (ContainerNames{.runtime = "containerd",
                                      .name = "app",
                                      .image = "registry/app:1",
                                      .pod = "shop-7d9",
                                      .pod_namespace = "prod"}));
}

TEST(ContainerStateTest, ContainerdWithNamesOfItsUsers) {
    EXPECT_EQ(parse_containerd_container(R"({"ociVersion":"1.1.0"})", "web-1")->name, "web-1");
    EXPECT_EQ(parse_containerd_container(R"({"ociVersion":"1.1.0"})", kId)->name, "");
    EXPECT_EQ(
        parse_containerd_container(R"({"ociVersion":"1","annotations":{"nerdctl/name":"db"}})", kId)->name,
        "db");
}

TEST(ContainerStateTest, WhatIsCutOffOrNothingOfTheKindSaysNothing) {
    for (const char* text : {"", "{", "[]", "null", "[[[[", "\xFF", "{\"Name\":5}"}) {
        EXPECT_FALSE(parse_docker_container(text)) << text;
        EXPECT_FALSE(parse_storage_container(text, kId)) << text;
        EXPECT_FALSE(parse_containerd_container(text, kId)) << text;
    }
}

TEST(ContainerStateTest, Conmon) {
    const auto line = [](std::initializer_list<std::string_view> words) {
        std::string text;
        for (const std::string_view word : words) {
            text += std::string(word) + '\0';
        }
        return text;
    };
    EXPECT_FALSE(parse_conmon(line({"/usr/bin/conmon", "--version"})));
    EXPECT_FALSE(parse_conmon(line({"/usr/bin/vim", "-c", "x"})));
    EXPECT_FALSE(parse_conmon(""));
    const auto arguments = parse_conmon(line({"/usr/bin/conmon",
                                              "--api-version",
                                              "1",
                                              "-c",
                                              kId,
                                              "-u",
                                              kId,
                                              "-r",
                                              "/usr/bin/crun",
                                              "-n",
                                              "web",
                                              "--exit-command",
                                              "/usr/bin/podman",
                                              "--exit-command-arg",
                                              "--root",
                                              "--exit-command-arg",
                                              "/srv/storage",
                                              "--exit-command-arg",
                                              "--runroot",
                                              "--exit-command-arg",
                                              "/run/x"}));
    ASSERT_TRUE(arguments);
    EXPECT_EQ(arguments->id, kId);
    EXPECT_EQ(arguments->name, "web");
    EXPECT_EQ(arguments->root, "/srv/storage");
}

}  // namespace
}  // namespace sslsniff
