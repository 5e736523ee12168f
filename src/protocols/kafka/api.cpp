#include "protocols/kafka/api.h"

#include <fmt/format.h>

#include <array>

namespace sslsniff::kafka {
namespace {

constexpr std::int16_t kNever = std::numeric_limits<std::int16_t>::max();

/// By their keys, which are those of ApiKeys.java in Kafka 4.1; the versions are those of its message
/// definitions.
constexpr auto kApis = std::to_array<Api>({
    {"Produce", 9, 13, produce_schema},
    {"Fetch", 12, 18, fetch_schema},
    {"ListOffsets", 6, 11, list_offsets_schema},
    {"Metadata", 9, 13, metadata_schema},
    {"LeaderAndIsr", 4, 7},
    {"StopReplica", 2, 4},
    {"UpdateMetadata", 6, 8},
    {"ControlledShutdown", 3, 3},
    {"OffsetCommit", 8, 10, offset_commit_schema},
    {"OffsetFetch", 6, 10, offset_fetch_schema},
    {"FindCoordinator", 3, 6, find_coordinator_schema},
    {"JoinGroup", 6, 9, join_group_schema},
    {"Heartbeat", 4, 4, heartbeat_schema},
    {"LeaveGroup", 4, 5, leave_group_schema},
    {"SyncGroup", 4, 5, sync_group_schema},
    {"DescribeGroups", 5, 6},
    {"ListGroups", 3, 5},
    {"SaslHandshake", kNever, 1, sasl_handshake_schema},
    {"ApiVersions", 3, 4, api_versions_schema},
    {"CreateTopics", 5, 7, create_topics_schema},
    {"DeleteTopics", 4, 6, delete_topics_schema},
    {"DeleteRecords", 2, 2},
    {"InitProducerId", 2, 6, init_producer_id_schema},
    {"OffsetForLeaderEpoch", 4, 4},
    {"AddPartitionsToTxn", 3, 5, add_partitions_to_txn_schema},
    {"AddOffsetsToTxn", 3, 4, add_offsets_to_txn_schema},
    {"EndTxn", 3, 5, end_txn_schema},
    {"WriteTxnMarkers", 1, 2},
    {"TxnOffsetCommit", 3, 5, txn_offset_commit_schema},
    {"DescribeAcls", 2, 3},
    {"CreateAcls", 2, 3},
    {"DeleteAcls", 2, 3},
    {"DescribeConfigs", 4, 4},
    {"AlterConfigs", 2, 2},
    {"AlterReplicaLogDirs", 2, 2},
    {"DescribeLogDirs", 2, 4},
    {"SaslAuthenticate", 2, 2, sasl_authenticate_schema},
    {"CreatePartitions", 2, 3},
    {"CreateDelegationToken", 2, 3},
    {"RenewDelegationToken", 2, 2},
    {"ExpireDelegationToken", 2, 2},
    {"DescribeDelegationToken", 2, 3},
    {"DeleteGroups", 2, 2},
    {"ElectLeaders", 2, 2},
    {"IncrementalAlterConfigs", 1, 1},
    {"AlterPartitionReassignments", 0, 1},
    {"ListPartitionReassignments", 0, 0},
    {"OffsetDelete", kNever, 0},
    {"DescribeClientQuotas", 1, 1},
    {"AlterClientQuotas", 1, 1},
    {"DescribeUserScramCredentials", 0, 0},
    {"AlterUserScramCredentials", 0, 0},
    {"Vote", 0, 2},
    {"BeginQuorumEpoch", 1, 1},
    {"EndQuorumEpoch", 1, 1},
    {"DescribeQuorum", 0, 2},
    {"AlterPartition", 0, 3},
    {"UpdateFeatures", 0, 2},
    {"Envelope", 0, 0},
    {"FetchSnapshot", 0, 1},
    {"DescribeCluster", 0, 2},
    {"DescribeProducers", 0, 0},
    {"BrokerRegistration", 0, 4},
    {"BrokerHeartbeat", 0, 1},
    {"UnregisterBroker", 0, 0},
    {"DescribeTransactions", 0, 0},
    {"ListTransactions", 0, 2},
    {"AllocateProducerIds", 0, 0},
    {"ConsumerGroupHeartbeat", 0, 1, consumer_group_heartbeat_schema},
    {"ConsumerGroupDescribe", 0, 1},
    {"ControllerRegistration", 0, 0},
    {"GetTelemetrySubscriptions", 0, 0},
    {"PushTelemetry", 0, 0},
    {"AssignReplicasToDirs", 0, 0},
    {"ListConfigResources", 0, 1},
    {"DescribeTopicPartitions", 0, 0},
    {"ShareGroupHeartbeat", 0, 1},
    {"ShareGroupDescribe", 0, 1},
    {"ShareFetch", 0, 2},
    {"ShareAcknowledge", 0, 2},
    {"AddRaftVoter", 0, 1},
    {"RemoveRaftVoter", 0, 0},
    {"UpdateRaftVoter", 0, 0},
    {"InitializeShareGroupState", 0, 0},
    {"ReadShareGroupState", 0, 0},
    {"WriteShareGroupState", 0, 1},
    {"DeleteShareGroupState", 0, 0},
    {"ReadShareGroupStateSummary", 0, 1},
    {"StreamsGroupHeartbeat", 0, 0},
    {"StreamsGroupDescribe", 0, 0},
    {"DescribeShareGroupOffsets", 0, 1},
    {"AlterShareGroupOffsets", 0, 0},
    {"DeleteShareGroupOffsets", 0, 0},
});

}  // namespace

const Api* find_api(std::int16_t key) {
    return key >= 0 && static_cast<std::size_t>(key) < kApis.size() ? &kApis.at(static_cast<std::size_t>(key))
                                                                    : nullptr;
}

std::string api_name(std::int16_t key) {
    const Api* const api = find_api(key);
    return api != nullptr ? std::string(api->name) : fmt::format("API {}", key);
}

}  // namespace sslsniff::kafka
