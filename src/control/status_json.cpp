#include "control/status_json.h"

#include "model/event.h"
#include "output/json/json_writer.h"

namespace sslsniff {
namespace {

class StatusWriter {
  public:
    explicit StatusWriter(const CaptureStatus& status) : status_(status) {}

    std::string write() {
        json_.begin_document();
        json_.plain("version", SSLSNIFF_VERSION);
        json_.number("pid", status_.pid);
        json_.text("command_line", status_.command_line);
        json_.plain("state", status_.capturing ? "capturing" : "stopped");
        json_.plain("started", TimeText(status_.started).view());
        json_.plain("now", TimeText(status_.now).view());
        json_.text("kernel", status_.kernel);
        json_.text("filter", status_.filter);
        json_.text("where", status_.where);
        traffic();
        losses();
        kernel_side();
        names("libraries", status_.libraries);
        names("processes", status_.processes);
        outputs();
        cost();
        json_.end_object();
        return std::string(json_.line());
    }

  private:
    void traffic() {
        const CaptureSummary& summary = status_.summary;
        json_.unsigned_number("transactions", summary.transactions);
        if (summary.filtered_from) {
            json_.unsigned_number("filtered_from", *summary.filtered_from);
        }
        json_.begin_object("connections");
        json_.unsigned_number("open", status_.open_connections);
        json_.unsigned_number("total", summary.connections);
        json_.unsigned_number("without_socket", summary.unbound_connections);
        json_.unsigned_number("held_bytes", status_.held);
        json_.unsigned_number("max_held_bytes", status_.max_held);
        json_.end_object();
        json_.begin_object("bytes");
        json_.unsigned_number("sent", summary.bytes_sent);
        json_.unsigned_number("received", summary.bytes_received);
        json_.unsigned_number("missing", summary.missing_bytes);
        json_.end_object();
        json_.begin_object("events");
        for (const auto& [kind, count] : status_.events) {
            json_.unsigned_number(kind, count);
        }
        json_.end_object();
        json_.begin_array("protocols");
        for (const auto& [name, counts] : status_.protocols) {
            json_.begin_object({});
            json_.text("protocol", name);
            json_.unsigned_number("transactions", counts.transactions);
            json_.unsigned_number("incomplete", counts.incomplete);
            json_.unsigned_number("closed_connections", counts.connections);
            json_.end_object();
        }
        json_.end_array();
    }

    void losses() {
        json_.begin_array("losses");
        for (const CaptureSummary::Loss& loss : status_.summary.losses) {
            json_.begin_object({});
            json_.plain("cause", to_string(loss.cause));
            json_.unsigned_number("events", loss.events);
            json_.unsigned_number("bytes", loss.bytes);
            json_.end_object();
        }
        json_.end_array();
    }

    void kernel_side() {
        if (status_.buffer) {
            json_.begin_object("buffer");
            json_.unsigned_number("waiting_bytes", status_.buffer->waiting);
            json_.unsigned_number("size_bytes", status_.buffer->size);
            json_.end_object();
        }
        json_.begin_array("maps");
        for (const MapUse& map : status_.maps) {
            json_.begin_object({});
            json_.text("name", map.name);
            json_.unsigned_number("used", map.used);
            json_.unsigned_number("size", map.size);
            json_.end_object();
        }
        json_.end_array();
    }

    void names(std::string_view key, const std::vector<std::string>& names) {
        json_.begin_array(key);
        for (const auto& name : names) {
            json_.text({}, name);
        }
        json_.end_array();
    }

    void outputs() {
        json_.begin_array("outputs");
        for (const auto& output : status_.outputs) {
            json_.begin_object({});
            json_.text("output", output.name);
            json_.boolean("done", output.done);
            for (const auto& [name, count] : output.counts) {
                json_.unsigned_number(name, count);
            }
            json_.end_object();
        }
        json_.end_array();
    }

    void cost() {
        json_.begin_object("reader");
        json_.unsigned_number("cpu_us", status_.own.cpu_nanoseconds / 1000);
        if (status_.own.resident_bytes) {
            json_.unsigned_number("resident_bytes", *status_.own.resident_bytes);
        }
        if (status_.own.open_files) {
            json_.unsigned_number("open_files", *status_.own.open_files);
        }
        json_.end_object();
        if (status_.attacher) {
            json_.begin_object("attacher");
            json_.unsigned_number("cpu_us", status_.attacher->cpu_nanoseconds / 1000);
            json_.unsigned_number("resident_bytes", status_.attacher->resident_bytes);
            json_.end_object();
        }
    }

    const CaptureStatus& status_;
    JsonWriter json_;
};

}  // namespace

std::string status_json(const CaptureStatus& status) {
    return StatusWriter(status).write();
}

}  // namespace sslsniff
