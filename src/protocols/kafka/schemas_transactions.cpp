#include <array>

#include "protocols/kafka/schemas.h"

namespace sslsniff::kafka {
namespace {

constexpr auto kInitRequest = std::to_array<Field>({
    transactional_id(),
    int32("transaction_timeout_ms"),
    int64("producer_id").since(3),
    int16("producer_epoch").since(3),
    boolean("enable_2pc").since(6),
    boolean("keep_prepared_txn").since(6),
});
constexpr auto kInitResponse = std::to_array<Field>({
    throttle_time(),
    error_code(),
    int64("producer_id"),
    int16("producer_epoch"),
    int64("ongoing_txn_producer_id").since(6),
    int16("ongoing_txn_producer_epoch").since(6),
});

constexpr auto kTopic = std::to_array<Field>({topic("name"), partition("partitions").array()});
constexpr auto kTransaction =
    std::to_array<Field>({transactional_id(), int64("producer_id"), int16("producer_epoch"),
                          boolean("verify_only"), array("topics", kTopic)});
constexpr auto kAddPartitionsRequest = std::to_array<Field>({
    array("transactions", kTransaction).since(4),
    transactional_id().until(3),
    int64("producer_id").until(3),
    int16("producer_epoch").until(3),
    array("topics", kTopic).until(3),
});
constexpr auto kPartitionResult =
    std::to_array<Field>({partition("partition_index"), int16("partition_error_code").is(Means::error_code)});
constexpr auto kTopicResult =
    std::to_array<Field>({topic("name"), array("results_by_partition", kPartitionResult)});
constexpr auto kTransactionResult =
    std::to_array<Field>({transactional_id(), array("topic_results", kTopicResult)});
constexpr auto kAddPartitionsResponse = std::to_array<Field>({
    throttle_time(),
    error_code().since(4),
    array("results_by_transaction", kTransactionResult).since(4),
    array("results_by_topic", kTopicResult).until(3),
});

constexpr auto kAddOffsetsRequest =
    std::to_array<Field>({transactional_id(), int64("producer_id"), int16("producer_epoch"), group()});
constexpr auto kThrottleAndError = std::to_array<Field>({throttle_time(), error_code()});

constexpr auto kEndRequest = std::to_array<Field>(
    {transactional_id(), int64("producer_id"), int16("producer_epoch"), boolean("committed")});
constexpr auto kEndResponse = std::to_array<Field>(
    {throttle_time(), error_code(), int64("producer_id").since(5), int16("producer_epoch").since(5)});

constexpr auto kCommitPartition = std::to_array<Field>({
    partition("partition_index"),
    int64("committed_offset").is(Means::offset),
    int32("committed_leader_epoch").since(2),
    string("committed_metadata"),
});
constexpr auto kCommitTopic = std::to_array<Field>({topic("name"), array("partitions", kCommitPartition)});
constexpr auto kCommitRequest = std::to_array<Field>({
    transactional_id(),
    group(),
    int64("producer_id"),
    int16("producer_epoch"),
    int32("generation_id").since(3),
    string("member_id").since(3),
    string("group_instance_id").since(3),
    array("topics", kCommitTopic),
});
constexpr auto kCommittedPartition = std::to_array<Field>({partition("partition_index"), error_code()});
constexpr auto kCommittedTopic =
    std::to_array<Field>({topic("name"), array("partitions", kCommittedPartition)});
constexpr auto kCommitResponse = std::to_array<Field>({throttle_time(), array("topics", kCommittedTopic)});

}  // namespace

Schema init_producer_id_schema() {
    return {kInitRequest, kInitResponse};
}

Schema add_partitions_to_txn_schema() {
    return {kAddPartitionsRequest, kAddPartitionsResponse};
}

Schema add_offsets_to_txn_schema() {
    return {kAddOffsetsRequest, kThrottleAndError};
}

Schema end_txn_schema() {
    return {kEndRequest, kEndResponse};
}

Schema txn_offset_commit_schema() {
    return {kCommitRequest, kCommitResponse};
}

}  // namespace sslsniff::kafka
