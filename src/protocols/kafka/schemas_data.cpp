#include <array>

#include "protocols/kafka/schemas.h"

namespace sslsniff::kafka {
namespace {

constexpr auto kLeader = std::to_array<Field>({int32("leader_id"), int32("leader_epoch")});
constexpr auto kEndpoint =
    std::to_array<Field>({int32("node_id"), string("host"), int32("port"), string("rack")});

constexpr auto kProducePartition = std::to_array<Field>({partition("index"), records("records")});
constexpr auto kProduceTopic = std::to_array<Field>(
    {topic("name").until(12), topic_id().since(13), array("partition_data", kProducePartition)});
constexpr auto kProduceRequest =
    std::to_array<Field>({transactional_id().since(3), int16("acks").is(Means::acks), int32("timeout_ms"),
                          array("topic_data", kProduceTopic)});

constexpr auto kRecordError =
    std::to_array<Field>({int32("batch_index"), string("batch_index_error_message")});
constexpr auto kProducedPartition = std::to_array<Field>({
    partition("index"),
    error_code(),
    int64("base_offset").is(Means::offset),
    int64("log_append_time_ms").since(2),
    int64("log_start_offset").since(5),
    array("record_errors", kRecordError).since(8),
    error_message().since(8),
    structure("current_leader", kLeader).since(10).tagged(0),
});
constexpr auto kProducedTopic = std::to_array<Field>(
    {topic("name").until(12), topic_id().since(13), array("partition_responses", kProducedPartition)});
constexpr auto kProduceResponse =
    std::to_array<Field>({array("responses", kProducedTopic), throttle_time().since(1),
                          array("node_endpoints", kEndpoint).since(10).tagged(0)});

constexpr auto kReplicaState = std::to_array<Field>({int32("replica_id"), int64("replica_epoch")});
constexpr auto kFetchPartition = std::to_array<Field>({
    partition("partition"),
    int32("current_leader_epoch").since(9),
    int64("fetch_offset").is(Means::offset),
    int32("last_fetched_epoch").since(12),
    int64("log_start_offset").since(5),
    int32("partition_max_bytes"),
    uuid("replica_directory_id").since(17).tagged(0),
    int64("high_watermark").since(18).tagged(1),
});
constexpr auto kFetchTopic = std::to_array<Field>(
    {topic("topic").until(12), topic_id().since(13), array("partitions", kFetchPartition)});
constexpr auto kForgottenTopic = std::to_array<Field>(
    {string("topic").until(12), uuid("topic_id").since(13), int32("partitions").array()});
constexpr auto kFetchRequest = std::to_array<Field>({
    string("cluster_id").since(12).tagged(0),
    int32("replica_id").until(14),
    structure("replica_state", kReplicaState).since(15).tagged(1),
    int32("max_wait_ms"),
    int32("min_bytes"),
    int32("max_bytes").since(3),
    int8("isolation_level").since(4),
    int32("session_id").since(7),
    int32("session_epoch").since(7),
    array("topics", kFetchTopic),
    array("forgotten_topics_data", kForgottenTopic).since(7),
    string("rack_id").since(11),
});

constexpr auto kDivergingEpoch = std::to_array<Field>({int32("epoch"), int64("end_offset")});
constexpr auto kSnapshotId = std::to_array<Field>({int64("end_offset"), int32("epoch")});
constexpr auto kAborted = std::to_array<Field>({int64("producer_id"), int64("first_offset")});
constexpr auto kFetchedPartition = std::to_array<Field>({
    partition("partition_index"),
    error_code(),
    int64("high_watermark"),
    int64("last_stable_offset").since(4),
    int64("log_start_offset").since(5),
    structure("diverging_epoch", kDivergingEpoch).since(12).tagged(0),
    structure("current_leader", kLeader).since(12).tagged(1),
    structure("snapshot_id", kSnapshotId).since(12).tagged(2),
    array("aborted_transactions", kAborted).since(4),
    int32("preferred_read_replica").since(11),
    records("records"),
});
constexpr auto kFetchedTopic = std::to_array<Field>(
    {topic("topic").until(12), topic_id().since(13), array("partitions", kFetchedPartition)});
constexpr auto kFetchResponse = std::to_array<Field>({
    throttle_time().since(1),
    error_code().since(7),
    int32("session_id").since(7),
    array("responses", kFetchedTopic),
    array("node_endpoints", kEndpoint).since(16).tagged(0),
});

constexpr auto kListPartition =
    std::to_array<Field>({partition("partition_index"), int32("current_leader_epoch").since(4),
                          int64("timestamp"), int32("max_num_offsets").until(0)});
constexpr auto kListTopic = std::to_array<Field>({topic("name"), array("partitions", kListPartition)});
constexpr auto kListRequest =
    std::to_array<Field>({int32("replica_id"), int8("isolation_level").since(2), array("topics", kListTopic),
                          int32("timeout_ms").since(10)});
constexpr auto kListedPartition =
    std::to_array<Field>({partition("partition_index"), error_code(),
                          int64("old_style_offsets").array().until(0), int64("timestamp").since(1),
                          int64("offset").since(1).is(Means::offset), int32("leader_epoch").since(4)});
constexpr auto kListedTopic = std::to_array<Field>({topic("name"), array("partitions", kListedPartition)});
constexpr auto kListResponse =
    std::to_array<Field>({throttle_time().since(2), array("topics", kListedTopic)});

}  // namespace

Schema produce_schema() {
    return {kProduceRequest, kProduceResponse};
}

Schema fetch_schema() {
    return {kFetchRequest, kFetchResponse};
}

Schema list_offsets_schema() {
    return {kListRequest, kListResponse};
}

}  // namespace sslsniff::kafka
