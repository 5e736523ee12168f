#include <array>

#include "protocols/kafka/schemas.h"

namespace sslsniff::kafka {
namespace {

constexpr auto kCoordinatorRequest =
    std::to_array<Field>({string("key").until(3).is(Means::subject), int8("key_type").since(1),
                          string("coordinator_keys").array().since(4).is(Means::subject)});
constexpr auto kCoordinator = std::to_array<Field>(
    {string("key"), int32("node_id"), string("host"), int32("port"), error_code(), error_message()});
constexpr auto kCoordinatorResponse = std::to_array<Field>({
    throttle_time().since(1),
    error_code().until(3),
    error_message().in(1, 3),
    int32("node_id").until(3),
    string("host").until(3),
    int32("port").until(3),
    array("coordinators", kCoordinator).since(4),
});

constexpr auto kProtocol = std::to_array<Field>({string("name"), bytes("metadata")});
constexpr auto kJoinRequest = std::to_array<Field>({
    group(),
    int32("session_timeout_ms"),
    int32("rebalance_timeout_ms").since(1),
    string("member_id"),
    string("group_instance_id").since(5),
    string("protocol_type"),
    array("protocols", kProtocol),
    string("reason").since(8),
});
constexpr auto kJoinedMember =
    std::to_array<Field>({string("member_id"), string("group_instance_id").since(5), bytes("metadata")});
constexpr auto kJoinResponse = std::to_array<Field>({
    throttle_time().since(2),
    error_code(),
    int32("generation_id"),
    string("protocol_type").since(7),
    string("protocol_name"),
    string("leader"),
    boolean("skip_assignment").since(9),
    string("member_id"),
    array("members", kJoinedMember),
});

constexpr auto kAssignment = std::to_array<Field>({string("member_id"), bytes("assignment")});
constexpr auto kSyncRequest = std::to_array<Field>({
    group(),
    int32("generation_id"),
    string("member_id"),
    string("group_instance_id").since(3),
    string("protocol_type").since(5),
    string("protocol_name").since(5),
    array("assignments", kAssignment),
});
constexpr auto kSyncResponse =
    std::to_array<Field>({throttle_time().since(1), error_code(), string("protocol_type").since(5),
                          string("protocol_name").since(5), bytes("assignment")});

constexpr auto kHeartbeatRequest = std::to_array<Field>(
    {group(), int32("generation_id"), string("member_id"), string("group_instance_id").since(3)});
constexpr auto kHeartbeatResponse = std::to_array<Field>({throttle_time().since(1), error_code()});

constexpr auto kLeaving =
    std::to_array<Field>({string("member_id"), string("group_instance_id"), string("reason").since(5)});
constexpr auto kLeaveRequest =
    std::to_array<Field>({group(), string("member_id").until(2), array("members", kLeaving).since(3)});
constexpr auto kLeft = std::to_array<Field>({string("member_id"), string("group_instance_id"), error_code()});
constexpr auto kLeaveResponse =
    std::to_array<Field>({throttle_time().since(1), error_code(), array("members", kLeft).since(3)});

constexpr auto kCommitPartition = std::to_array<Field>({
    partition("partition_index"),
    int64("committed_offset").is(Means::offset),
    int32("committed_leader_epoch").since(6),
    int64("commit_timestamp").in(1, 1),
    string("committed_metadata"),
});
constexpr auto kCommitTopic = std::to_array<Field>(
    {topic("name").until(9), topic_id().since(10), array("partitions", kCommitPartition)});
constexpr auto kCommitRequest = std::to_array<Field>({
    group(),
    int32("generation_id_or_member_epoch").since(1),
    string("member_id").since(1),
    string("group_instance_id").since(7),
    int64("retention_time_ms").in(2, 4),
    array("topics", kCommitTopic),
});
constexpr auto kCommittedPartition = std::to_array<Field>({partition("partition_index"), error_code()});
constexpr auto kCommittedTopic = std::to_array<Field>(
    {topic("name").until(9), topic_id().since(10), array("partitions", kCommittedPartition)});
constexpr auto kCommitResponse =
    std::to_array<Field>({throttle_time().since(3), array("topics", kCommittedTopic)});

constexpr auto kOffsetTopic = std::to_array<Field>({topic("name"), partition("partition_indexes").array()});
constexpr auto kOffsetGroupTopic = std::to_array<Field>(
    {topic("name").until(9), topic_id().since(10), partition("partition_indexes").array()});
constexpr auto kOffsetGroup =
    std::to_array<Field>({group(), string("member_id").since(9), int32("member_epoch").since(9),
                          array("topics", kOffsetGroupTopic)});
constexpr auto kOffsetRequest =
    std::to_array<Field>({group().until(7), array("topics", kOffsetTopic).until(7),
                          array("groups", kOffsetGroup).since(8), boolean("require_stable").since(7)});
constexpr auto kOffsetPartition = std::to_array<Field>({
    partition("partition_index"),
    int64("committed_offset").is(Means::offset),
    int32("committed_leader_epoch").since(5),
    string("metadata"),
    error_code(),
});
constexpr auto kOffsetsOfTopic = std::to_array<Field>({topic("name"), array("partitions", kOffsetPartition)});
constexpr auto kOffsetsOfGroupTopic = std::to_array<Field>(
    {topic("name").until(9), topic_id().since(10), array("partitions", kOffsetPartition)});
constexpr auto kOffsetsOfGroup =
    std::to_array<Field>({group(), array("topics", kOffsetsOfGroupTopic), error_code()});
constexpr auto kOffsetResponse =
    std::to_array<Field>({throttle_time().since(3), array("topics", kOffsetsOfTopic).until(7),
                          error_code().in(2, 7), array("groups", kOffsetsOfGroup).since(8)});

constexpr auto kOwned = std::to_array<Field>({topic_id(), partition("partitions").array()});
constexpr auto kGroupHeartbeatRequest = std::to_array<Field>({
    group(),
    string("member_id"),
    int32("member_epoch"),
    string("instance_id"),
    string("rack_id"),
    int32("rebalance_timeout_ms"),
    topic("subscribed_topic_names").array(),
    string("subscribed_topic_regex").since(1),
    string("server_assignor"),
    array("topic_partitions", kOwned),
});
constexpr auto kTarget = std::to_array<Field>({array("topic_partitions", kOwned)});
constexpr auto kGroupHeartbeatResponse = std::to_array<Field>({
    throttle_time(),
    error_code(),
    error_message(),
    string("member_id"),
    int32("member_epoch"),
    int32("heartbeat_interval_ms"),
    structure("assignment", kTarget).nullable(),
});

}  // namespace

Schema find_coordinator_schema() {
    return {kCoordinatorRequest, kCoordinatorResponse};
}

Schema join_group_schema() {
    return {kJoinRequest, kJoinResponse};
}

Schema sync_group_schema() {
    return {kSyncRequest, kSyncResponse};
}

Schema heartbeat_schema() {
    return {kHeartbeatRequest, kHeartbeatResponse};
}

Schema leave_group_schema() {
    return {kLeaveRequest, kLeaveResponse};
}

Schema offset_commit_schema() {
    return {kCommitRequest, kCommitResponse};
}

Schema offset_fetch_schema() {
    return {kOffsetRequest, kOffsetResponse};
}

Schema consumer_group_heartbeat_schema() {
    return {kGroupHeartbeatRequest, kGroupHeartbeatResponse};
}

}  // namespace sslsniff::kafka
