#include "protocols/kafka/errors.h"

#include <fmt/format.h>

#include <array>
#include <string_view>

namespace sslsniff::kafka {
namespace {

using enum Outcome;

struct Error {
    std::string_view name;
    Outcome outcome;
};

/// From code 1 on.
constexpr auto kErrors = std::to_array<Error>({
    {"OFFSET_OUT_OF_RANGE", client_error},
    {"CORRUPT_MESSAGE", client_error},
    {"UNKNOWN_TOPIC_OR_PARTITION", client_error},
    {"INVALID_FETCH_SIZE", client_error},
    {"LEADER_NOT_AVAILABLE", server_error},
    {"NOT_LEADER_OR_FOLLOWER", redirected},
    {"REQUEST_TIMED_OUT", server_error},
    {"BROKER_NOT_AVAILABLE", server_error},
    {"REPLICA_NOT_AVAILABLE", server_error},
    {"MESSAGE_TOO_LARGE", client_error},
    {"STALE_CONTROLLER_EPOCH", server_error},
    {"OFFSET_METADATA_TOO_LARGE", client_error},
    {"NETWORK_EXCEPTION", server_error},
    {"COORDINATOR_LOAD_IN_PROGRESS", server_error},
    {"COORDINATOR_NOT_AVAILABLE", server_error},
    {"NOT_COORDINATOR", redirected},
    {"INVALID_TOPIC_EXCEPTION", client_error},
    {"RECORD_LIST_TOO_LARGE", client_error},
    {"NOT_ENOUGH_REPLICAS", server_error},
    {"NOT_ENOUGH_REPLICAS_AFTER_APPEND", server_error},
    {"INVALID_REQUIRED_ACKS", client_error},
    {"ILLEGAL_GENERATION", client_error},
    {"INCONSISTENT_GROUP_PROTOCOL", client_error},
    {"INVALID_GROUP_ID", client_error},
    {"UNKNOWN_MEMBER_ID", client_error},
    {"INVALID_SESSION_TIMEOUT", client_error},
    {"REBALANCE_IN_PROGRESS", client_error},
    {"INVALID_COMMIT_OFFSET_SIZE", client_error},
    {"TOPIC_AUTHORIZATION_FAILED", client_error},
    {"GROUP_AUTHORIZATION_FAILED", client_error},
    {"CLUSTER_AUTHORIZATION_FAILED", client_error},
    {"INVALID_TIMESTAMP", client_error},
    {"UNSUPPORTED_SASL_MECHANISM", client_error},
    {"ILLEGAL_SASL_STATE", client_error},
    {"UNSUPPORTED_VERSION", client_error},
    {"TOPIC_ALREADY_EXISTS", client_error},
    {"INVALID_PARTITIONS", client_error},
    {"INVALID_REPLICATION_FACTOR", client_error},
    {"INVALID_REPLICA_ASSIGNMENT", client_error},
    {"INVALID_CONFIG", client_error},
    {"NOT_CONTROLLER", redirected},
    {"INVALID_REQUEST", client_error},
    {"UNSUPPORTED_FOR_MESSAGE_FORMAT", client_error},
    {"POLICY_VIOLATION", client_error},
    {"OUT_OF_ORDER_SEQUENCE_NUMBER", client_error},
    {"DUPLICATE_SEQUENCE_NUMBER", client_error},
    {"INVALID_PRODUCER_EPOCH", client_error},
    {"INVALID_TXN_STATE", client_error},
    {"INVALID_PRODUCER_ID_MAPPING", client_error},
    {"INVALID_TRANSACTION_TIMEOUT", client_error},
    {"CONCURRENT_TRANSACTIONS", server_error},
    {"TRANSACTION_COORDINATOR_FENCED", server_error},
    {"TRANSACTIONAL_ID_AUTHORIZATION_FAILED", client_error},
    {"SECURITY_DISABLED", client_error},
    {"OPERATION_NOT_ATTEMPTED", server_error},
    {"KAFKA_STORAGE_ERROR", server_error},
    {"LOG_DIR_NOT_FOUND", client_error},
    {"SASL_AUTHENTICATION_FAILED", client_error},
    {"UNKNOWN_PRODUCER_ID", client_error},
    {"REASSIGNMENT_IN_PROGRESS", server_error},
    {"DELEGATION_TOKEN_AUTH_DISABLED", client_error},
    {"DELEGATION_TOKEN_NOT_FOUND", client_error},
    {"DELEGATION_TOKEN_OWNER_MISMATCH", client_error},
    {"DELEGATION_TOKEN_REQUEST_NOT_ALLOWED", client_error},
    {"DELEGATION_TOKEN_AUTHORIZATION_FAILED", client_error},
    {"DELEGATION_TOKEN_EXPIRED", client_error},
    {"INVALID_PRINCIPAL_TYPE", client_error},
    {"NON_EMPTY_GROUP", client_error},
    {"GROUP_ID_NOT_FOUND", client_error},
    {"FETCH_SESSION_ID_NOT_FOUND", client_error},
    {"INVALID_FETCH_SESSION_EPOCH", client_error},
    {"LISTENER_NOT_FOUND", server_error},
    {"TOPIC_DELETION_DISABLED", client_error},
    {"FENCED_LEADER_EPOCH", redirected},
    {"UNKNOWN_LEADER_EPOCH", server_error},
    {"UNSUPPORTED_COMPRESSION_TYPE", client_error},
    {"STALE_BROKER_EPOCH", server_error},
    {"OFFSET_NOT_AVAILABLE", server_error},
    {"MEMBER_ID_REQUIRED", client_error},
    {"PREFERRED_LEADER_NOT_AVAILABLE", server_error},
    {"GROUP_MAX_SIZE_REACHED", client_error},
    {"FENCED_INSTANCE_ID", client_error},
    {"ELIGIBLE_LEADERS_NOT_AVAILABLE", server_error},
    {"ELECTION_NOT_NEEDED", client_error},
    {"NO_REASSIGNMENT_IN_PROGRESS", client_error},
    {"GROUP_SUBSCRIBED_TO_TOPIC", client_error},
    {"INVALID_RECORD", client_error},
    {"UNSTABLE_OFFSET_COMMIT", server_error},
    {"THROTTLING_QUOTA_EXCEEDED", client_error},
    {"PRODUCER_FENCED", client_error},
    {"RESOURCE_NOT_FOUND", client_error},
    {"DUPLICATE_RESOURCE", client_error},
    {"UNACCEPTABLE_CREDENTIAL", client_error},
    {"INCONSISTENT_VOTER_SET", server_error},
    {"INVALID_UPDATE_VERSION", client_error},
    {"FEATURE_UPDATE_FAILED", server_error},
    {"PRINCIPAL_DESERIALIZATION_FAILURE", server_error},
    {"SNAPSHOT_NOT_FOUND", server_error},
    {"POSITION_OUT_OF_RANGE", client_error},
    {"UNKNOWN_TOPIC_ID", client_error},
    {"DUPLICATE_BROKER_REGISTRATION", client_error},
    {"BROKER_ID_NOT_REGISTERED", client_error},
    {"INCONSISTENT_TOPIC_ID", client_error},
    {"INCONSISTENT_CLUSTER_ID", client_error},
    {"TRANSACTIONAL_ID_NOT_FOUND", client_error},
    {"FETCH_SESSION_TOPIC_ID_ERROR", client_error},
    {"INELIGIBLE_REPLICA", server_error},
    {"NEW_LEADER_ELECTED", redirected},
    {"OFFSET_MOVED_TO_TIERED_STORAGE", redirected},
    {"FENCED_MEMBER_EPOCH", client_error},
    {"UNRELEASED_INSTANCE_ID", client_error},
    {"UNSUPPORTED_ASSIGNOR", client_error},
    {"STALE_MEMBER_EPOCH", client_error},
    {"MISMATCHED_ENDPOINT_TYPE", client_error},
    {"UNSUPPORTED_ENDPOINT_TYPE", client_error},
    {"UNKNOWN_CONTROLLER_ID", client_error},
    {"UNKNOWN_SUBSCRIPTION_ID", client_error},
    {"TELEMETRY_TOO_LARGE", client_error},
    {"INVALID_REGISTRATION", client_error},
    {"TRANSACTION_ABORTABLE", client_error},
    {"INVALID_RECORD_STATE", client_error},
    {"SHARE_SESSION_NOT_FOUND", client_error},
    {"INVALID_SHARE_SESSION_EPOCH", client_error},
    {"FENCED_STATE_EPOCH", client_error},
    {"INVALID_VOTER_KEY", client_error},
    {"DUPLICATE_VOTER", client_error},
    {"VOTER_NOT_FOUND", client_error},
    {"INVALID_REGULAR_EXPRESSION", client_error},
    {"REBOOTSTRAP_REQUIRED", redirected},
    {"STREAMS_INVALID_TOPOLOGY", client_error},
    {"STREAMS_INVALID_TOPOLOGY_EPOCH", client_error},
    {"STREAMS_TOPOLOGY_FENCED", client_error},
    {"SHARE_SESSION_LIMIT_REACHED", server_error},
});

const Error* find(std::int16_t code) {
    return code >= 1 && static_cast<std::size_t>(code) <= kErrors.size()
               ? &kErrors.at(static_cast<std::size_t>(code) - 1)
               : nullptr;
}

}  // namespace

std::string error_name(std::int16_t code) {
    if (code == -1) {
        return "UNKNOWN_SERVER_ERROR";
    }
    const Error* const error = find(code);
    return error != nullptr ? std::string(error->name) : fmt::format("ERROR {}", code);
}

Outcome error_outcome(std::int16_t code) {
    const Error* const error = find(code);
    return error != nullptr ? error->outcome : server_error;
}

}  // namespace sslsniff::kafka
