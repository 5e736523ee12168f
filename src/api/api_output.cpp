#include "api/api_output.h"

#include <optional>
#include <utility>
#include <variant>

#include "api/records.h"

namespace sslsniff::api {
namespace {

/// Positions are counted from where TCP had that number.
void number(const Endpoints& endpoints, sslsniff_event& record) {
    if (endpoints.sequence && (record.kind == SSLSNIFF_EVENT_DATA || record.kind == SSLSNIFF_EVENT_GAP)) {
        record.has_tcp_seq = 1;
        record.tcp_seq =
            static_cast<std::uint32_t>((*endpoints.sequence)[record.direction] + record.position);
    }
}

/// What a redacting stage has left of the state of a connection: its protocol is not known here.
OpenConnection state_of(const ConnectionInfo& connection, std::string_view protocol) {
    return {.connection = connection, .protocol = protocol};
}

}  // namespace

/// Runs `tell`, which calls callbacks, unless one has thrown before.
template <class Tell>
void ApiOutput::call(Tell tell) {
    if (has_thrown_) {
        return;
    }
    try {
        tell();
    } catch (...) {
        has_thrown_ = true;
    }
    write_line_ = nullptr;
    has_line_ = false;
}

const std::string* ApiOutput::json() {
    if (!write_line_) {
        return nullptr;
    }
    if (!std::exchange(has_line_, true)) {
        write_line_();
    }
    return &line_.text();
}

void ApiOutput::tell_line() {
    if (callbacks_.line) {
        const std::string& line = *json();
        callbacks_.line(line.c_str(), line.size());
    }
}

ApiOutput::Known& ApiOutput::known(const ConnectionId& id) {
    Known& known = known_[id];
    if (known.id == 0) {
        known.id = ++numbers_.connections;
    }
    return known;
}

void ApiOutput::on_understood(const CaptureEvent& event, const OpenConnection* connection) {
    ++counts_.events;
    const auto* data = std::get_if<DataEvent>(&event);
    if (data != nullptr) {
        counts_.data_bytes += data->bytes.size();
    }
    if (!callbacks_.event) {
        return;
    }
    call([&] {
        if (connection == nullptr) {
            const auto* process = std::get_if<ProcessEvent>(&event);
            const sslsniff_process info =
                process != nullptr ? make_record(process->process) : sslsniff_process{};
            const sslsniff_event record = make_record(event, Role::unknown, &info);
            callbacks_.event(&record);
            return;
        }
        Known& entry = known(connection->connection.id);
        const ConnectionRecordText text(*connection, entry.id);
        sslsniff_event record = make_record(event, connection->connection.role, nullptr);
        record.connection = &text.get();
        record.process = text.get().process;
        if (data != nullptr) {
            tell(*data, entry, record);
        }
        number(connection->connection.endpoints, record);
        callbacks_.event(&record);
    });
}

/// What earlier events say of this one.
void ApiOutput::tell(const DataEvent& data, Known& known, sslsniff_event& record) {
    record.sequence = known.data_events[static_cast<std::size_t>(data.direction)]++;
    record.trace_id = data.direction == Direction::received
                          ? threads_.received(data.connection.pid, data.tid, known.id)
                          : threads_.sent(data.connection.pid, data.tid, known.id);
}

void ApiOutput::on_ended(const OpenConnection& connection, CloseReason reason, Timestamp time) {
    if (callbacks_.event) {
        call([&] {
            const ConnectionRecordText text(connection, known(connection.connection.id).id);
            sslsniff_event record = make_close_record(reason, time);
            record.connection = &text.get();
            record.process = text.get().process;
            callbacks_.event(&record);
        });
    }
    known_.erase(connection.connection.id);
}

void ApiOutput::on_transaction(const Transaction& transaction) {
    const Facts facts = transaction.exchange->facts();
    const std::string_view protocol = transaction.exchange->protocol();
    auto count = counts_.protocols.find(protocol);
    if (count == counts_.protocols.end()) {
        count = counts_.protocols.emplace(protocol, Counts::Protocol()).first;
    }
    ++count->second.transactions;
    count->second.bytes += facts.request_bytes + facts.response_bytes;
    call([&] {
        write_line_ = [&] { json_.on_transaction(transaction); };
        tell_line();
        if (callbacks_.transaction) {
            const ConnectionInfo& info = transaction.connection;
            const ConnectionRecordText connection(state_of(info, protocol), known(info.id).id);
            const TransactionText text(transaction, connection.get());
            callbacks_.transaction(&text.get());
        }
    });
}

void ApiOutput::on_connection(const ConnectionRecord& record) {
    call([&] {
        write_line_ = [&] { json_.on_connection(record); };
        tell_line();
        if (callbacks_.connection) {
            const ConnectionInfo& info = record.connection;
            const ConnectionRecordText connection(state_of(info, record.protocol), known(info.id).id);
            const sslsniff_connection_end end = make_record(record, connection.get());
            callbacks_.connection(&end);
        }
    });
}

void ApiOutput::on_loss(const LossEvent& loss) {
    call([&] {
        write_line_ = [&] { json_.on_loss(loss); };
        tell_line();
    });
}

void ApiOutput::on_summary(const CaptureSummary& summary) {
    call([&] {
        write_line_ = [&] { json_.on_summary(summary); };
        tell_line();
    });
}

}  // namespace sslsniff::api
