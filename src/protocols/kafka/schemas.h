#pragma once

#include "protocols/kafka/schema.h"

/// The fields of messages, in all their versions up to Kafka 4.1, by Kafka's own definitions. Names are
/// theirs, in snake_case.
namespace sslsniff::kafka {

struct Schema {
    Fields request;
    Fields response;
};

// schemas_data.cpp
Schema produce_schema();
Schema fetch_schema();
Schema list_offsets_schema();
// schemas_cluster.cpp
Schema metadata_schema();
Schema api_versions_schema();
Schema create_topics_schema();
Schema delete_topics_schema();
Schema sasl_handshake_schema();
Schema sasl_authenticate_schema();
// schemas_groups.cpp
Schema find_coordinator_schema();
Schema join_group_schema();
Schema sync_group_schema();
Schema heartbeat_schema();
Schema leave_group_schema();
Schema offset_commit_schema();
Schema offset_fetch_schema();
Schema consumer_group_heartbeat_schema();
// schemas_transactions.cpp
Schema init_producer_id_schema();
Schema add_partitions_to_txn_schema();
Schema add_offsets_to_txn_schema();
Schema end_txn_schema();
Schema txn_offset_commit_schema();

}  // namespace sslsniff::kafka
