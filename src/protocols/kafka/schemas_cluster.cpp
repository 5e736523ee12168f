#include <array>

#include "protocols/kafka/schemas.h"

namespace sslsniff::kafka {
namespace {

constexpr auto kMetadataTopic = std::to_array<Field>({topic_id().since(10), topic("name")});
constexpr auto kMetadataRequest = std::to_array<Field>({
    array("topics", kMetadataTopic),
    boolean("allow_auto_topic_creation").since(4),
    boolean("include_cluster_authorized_operations").in(8, 10),
    boolean("include_topic_authorized_operations").since(8),
});
constexpr auto kBroker =
    std::to_array<Field>({int32("node_id"), string("host"), int32("port"), string("rack").since(1)});
constexpr auto kPartition = std::to_array<Field>({
    error_code(),
    partition("partition_index"),
    int32("leader_id"),
    int32("leader_epoch").since(7),
    int32("replica_nodes").array(),
    int32("isr_nodes").array(),
    int32("offline_replicas").array().since(5),
});
constexpr auto kTopic = std::to_array<Field>({
    error_code(),
    topic("name"),
    topic_id().since(10),
    boolean("is_internal").since(1),
    array("partitions", kPartition),
    int32("topic_authorized_operations").since(8),
});
constexpr auto kMetadataResponse = std::to_array<Field>({
    throttle_time().since(3),
    array("brokers", kBroker),
    string("cluster_id").since(2),
    int32("controller_id").since(1),
    array("topics", kTopic),
    int32("cluster_authorized_operations").in(8, 10),
    error_code().since(13),
});

constexpr auto kApiVersionsRequest = std::to_array<Field>(
    {string("client_software_name").since(3), string("client_software_version").since(3)});
constexpr auto kApi = std::to_array<Field>({int16("api_key"), int16("min_version"), int16("max_version")});
constexpr auto kSupported =
    std::to_array<Field>({string("name"), int16("min_version"), int16("max_version")});
constexpr auto kFinalized =
    std::to_array<Field>({string("name"), int16("max_version_level"), int16("min_version_level")});
constexpr auto kApiVersionsResponse = std::to_array<Field>({
    error_code(),
    array("api_keys", kApi),
    throttle_time().since(1),
    array("supported_features", kSupported).since(3).tagged(0),
    int64("finalized_features_epoch").since(3).tagged(1),
    array("finalized_features", kFinalized).since(3).tagged(2),
    boolean("zk_migration_ready").since(3).tagged(3),
});

constexpr auto kAssignment =
    std::to_array<Field>({partition("partition_index"), int32("broker_ids").array()});
constexpr auto kConfig = std::to_array<Field>({string("name"), string("value")});
constexpr auto kNewTopic =
    std::to_array<Field>({topic("name"), int32("num_partitions"), int16("replication_factor"),
                          array("assignments", kAssignment), array("configs", kConfig)});
constexpr auto kCreateTopicsRequest = std::to_array<Field>(
    {array("topics", kNewTopic), int32("timeout_ms"), boolean("validate_only").since(1)});
constexpr auto kCreatedConfig = std::to_array<Field>(
    {string("name"), string("value"), boolean("read_only"), int8("config_source"), boolean("is_sensitive")});
constexpr auto kCreatedTopic = std::to_array<Field>({
    topic("name"),
    topic_id().since(7),
    error_code(),
    error_message().since(1),
    int16("topic_config_error_code").since(5).tagged(0),
    int32("num_partitions").since(5),
    int16("replication_factor").since(5),
    array("configs", kCreatedConfig).since(5),
});
constexpr auto kCreateTopicsResponse =
    std::to_array<Field>({throttle_time().since(2), array("topics", kCreatedTopic)});

constexpr auto kOldTopic = std::to_array<Field>({topic("name"), topic_id()});
constexpr auto kDeleteTopicsRequest = std::to_array<Field>(
    {array("topics", kOldTopic).since(6), topic("topic_names").array().until(5), int32("timeout_ms")});
constexpr auto kDeletedTopic =
    std::to_array<Field>({topic("name"), topic_id().since(6), error_code(), error_message().since(5)});
constexpr auto kDeleteTopicsResponse =
    std::to_array<Field>({throttle_time().since(1), array("responses", kDeletedTopic)});

constexpr auto kSaslHandshakeRequest = std::to_array<Field>({string("mechanism").is(Means::subject)});
constexpr auto kSaslHandshakeResponse = std::to_array<Field>({error_code(), string("mechanisms").array()});
constexpr auto kSaslAuthenticateRequest = std::to_array<Field>({bytes("auth_bytes").is(Means::secret)});
constexpr auto kSaslAuthenticateResponse =
    std::to_array<Field>({error_code(), error_message(), bytes("auth_bytes").is(Means::secret),
                          int64("session_lifetime_ms").since(1)});

}  // namespace

Schema metadata_schema() {
    return {kMetadataRequest, kMetadataResponse};
}

Schema api_versions_schema() {
    return {kApiVersionsRequest, kApiVersionsResponse};
}

Schema create_topics_schema() {
    return {kCreateTopicsRequest, kCreateTopicsResponse};
}

Schema delete_topics_schema() {
    return {kDeleteTopicsRequest, kDeleteTopicsResponse};
}

Schema sasl_handshake_schema() {
    return {kSaslHandshakeRequest, kSaslHandshakeResponse};
}

Schema sasl_authenticate_schema() {
    return {kSaslAuthenticateRequest, kSaslAuthenticateResponse};
}

}  // namespace sslsniff::kafka
