#include "app/declared_options.h"

#include <fmt/format.h>
#include <fmt/ranges.h>

#include <CLI/CLI.hpp>
#include <optional>
#include <string>
#include <utility>
#include <vector>

#include "capture/discovery/library_choice.h"
#include "engine/live_session.h"
#include "output/output_formats.h"

namespace sslsniff {
namespace {

constexpr const char* kVersion = "sslsniff " SSLSNIFF_VERSION;

CLI::Validator not_empty() {
    return {[](std::string& text) { return std::string(text.empty() ? "it must not be empty" : ""); }, ""};
}

/// Options are declared group by group, as --help shows them.
class Group {
  public:
    Group(CLI::App& app, std::string name) : app_(app), name_(std::move(name)) {}

    void flag(const std::string& names, auto& target, const std::string& help) {
        app_.add_flag(names, target, help)->group(name_);
    }
    /// The last one given counts.
    void value(const std::string& names, std::optional<std::string>& target, const std::string& type,
               const std::string& help) {
        app_.add_option(names, target, help)->type_name(type)->group(name_)->take_last();
    }
    /// One that, if it is given, is not empty.
    void text(const std::string& names, std::string& target, const std::string& type,
              const std::string& help) {
        app_.add_option(names, target, help)->type_name(type)->group(name_)->take_last()->check(not_empty());
    }
    /// All that are given count, each takes one value, which is not empty.
    void list(const std::string& names, std::vector<std::string>& target, const std::string& type,
              const std::string& help) {
        app_.add_option(names, target, help)
            ->type_name(type)
            ->group(name_)
            ->take_all()
            ->allow_extra_args(false)
            ->check(not_empty());
    }

  private:
    CLI::App& app_;
    std::string name_;
};

}  // namespace

void declare_options(CLI::App& app, RawOptions& raw) {
    CaptureOptions& capture = raw.options.capture;
    PipelineOptions& pipeline = raw.options.pipeline;
    OutputSettings& settings = pipeline.settings;
    Group targets(app, "What to capture");
    targets.list("-p,--pid", raw.pids, "PID", "The process with this id, and its children; repeatable");
    targets.list("-c,--comm", capture.comms, "COMM", "Processes of this name (as in ps -o comm); repeatable");
    targets.list("-u,--user", capture.users, "USER", "Processes of this user, by name or uid; repeatable");
    targets.list("--container", capture.containers, "NAME",
                 "Processes of this container, by its name or id (docs/containers.md); repeatable");
    targets.list("-k,--pod", capture.pods, "NAMESPACE/POD",
                 "Processes of this pod of Kubernetes (docs/containers.md); repeatable");
    targets.flag("-a,--all", capture.whole_host, "Every process of this host");
    targets.flag("--no-children", raw.no_children, "Leave out the children of -p and of the command");
    targets.list("--tls", raw.libraries, "LIBRARY",
                 fmt::format("Only these TLS libraries: {}; repeatable", fmt::join(library_words(), ", ")));
    targets.flag("--tls-only", raw.tls_only, "Leave out traffic without TLS");
    targets.flag("--cleartext-only", raw.cleartext_only, "Only traffic without TLS");
    targets.value("-r,--read", raw.read_path, "FILE",
                  "Read a recording instead: pcap, pcapng or a trace; - is stdin");
    targets.text("--where", pipeline.where, "EXPR",
                 "Only transactions like 'status >= 500' (docs/filters.md)");

    Group output(app, "What to show");
    output.list("-o,--output", raw.outputs, "FORMAT[:FILE]",
                fmt::format("One of {}; default: text on stdout; repeatable", output_format_names()));
    output.list("--kafka", raw.kafka, "PROPERTY=VALUE",
                "With -o kafka:BROKERS/TOPIC: a setting of librdkafka; repeatable (docs/kafka.md)");
    output.list(
        "--otlp", raw.otlp, "NAME=VALUE",
        "With -o otlp:URL: header.NAME, resource.NAME, ca, cert, key, metrics; repeatable (docs/otlp.md)");
    output.text("--spool", settings.otlp.spool, "DIR",
                "With -o otlp:URL: keep in this folder what was not taken yet, across restarts");
    output.value("--by", raw.by, "FIELDS",
                 "With stat and top: group by these, with commas between them; default: "
                 "process,peer,endpoint (docs/stat.md)");
    output.value("--every", raw.every, "TIME", "With stat: a table each time this has passed: 5s, 1m");
    output.value("-w,--write", raw.write_path, "FILE", "Same as -o pcapng:FILE, for Wireshark; - is stdout");
    output.flag("-v,--verbose", settings.verbosity, "Headers too; -vv: bodies as well");
    output.flag("-x,--hex", settings.hex, "Bodies and unknown protocols as hex dump");
    output.flag("-t,--tree", settings.tree, "Calls below the request that caused them (docs/causes.md)");
    output.flag("--connections", settings.connections,
                "A table of connections, as they end, instead of transactions");
    output.flag("--no-names", raw.no_names, "Do not label peers with names from DNS and TLS");
    output.flag("-q,--quiet", raw.options.quiet, "Nothing but the summary");
    output.list("--decode-as", raw.decode_as, "PORT=PROTOCOL",
                "Treat connections on this port as this protocol; repeatable");
    output.flag("--show-secrets", pipeline.show_secrets,
                "Show credentials: of HTTP, of logins, in statements and JSON (docs/redaction.md)");
    output.list(
        "--redact", pipeline.redaction.rules, "RULE",
        "Take out more: header:NAME, field:PATH or a regular expression; repeatable (docs/redaction.md)");
    output.flag("--no-bodies", raw.no_bodies, "Leave out the contents of bodies");
    output.text("--save-bodies", raw.save_bodies, "DIR",
                "Write whole bodies, decoded, to files in this folder");
    output.text("--proto", pipeline.proto, "FILE",
                "Show gRPC messages as JSON, using this set of descriptors (protoc --descriptor_set_out)");
    output.value("--metrics", raw.metrics, "[ADDR:]PORT",
                 "Serve metrics to Prometheus; ADDR is 127.0.0.1 (docs/metrics.md)");
    output.flag("--metrics-remote", raw.metrics_remote,
                "Let --metrics listen at other addresses than loopback");
    output.value("--color", raw.color, "WHEN", "auto (on a terminal), always or never");

    Group files(app, "Files");
    files.flag("--append", pipeline.append, "Add to text and JSON files that are there already; empty none");
    files.value("-C,--rotate-size", raw.rotate_size, "SIZE",
                "Start the next file after this many million bytes");
    files.value("-G,--rotate-time", raw.rotate_interval, "TIME",
                "Start the next file after this time; its name goes through strftime");
    files.value("-W,--rotate-count", raw.rotate_count, "COUNT",
                "With -C: overwrite the oldest; with -G alone: stop after this many");

    Group pcapng(app, "Files for Wireshark");
    pcapng.value("--pcapng-mode", raw.pcapng_mode, "MODE", "auto, tls or plain (docs/pcapng.md)");
    pcapng.flag("--markers", raw.markers,
                "Markers instead of other ports where Wireshark needs them; tcpdump then reads nothing");
    pcapng.flag("--no-markers", raw.no_markers, "Neither markers nor other ports");

    Group limits(app, "How much");
    limits.value("-n,--count", raw.count, "COUNT", "Stop after this many transactions (or --connections)");
    limits.value("--duration", raw.duration, "TIME", "Stop after this time: 10s, 500ms, 2m");
    limits.value("-s,--snaplen", raw.snaplen, "BYTES",
                 "Keep only this much of each call; 0: all, the default");
    limits.value("--max-body", raw.max_body, "BYTES", "Keep only this much of each body; default: 64k");
    limits.value("--max-memory", raw.max_memory, "BYTES",
                 "Memory for unfinished transactions and open connections; default: 256M");
    limits.value("--max-saved", raw.max_saved, "BYTES",
                 "Stop saving bodies after this much (--save-bodies); default: 1G");
    limits.value("--max-spool", raw.max_spool, "BYTES",
                 "Drop what comes when so much waits for a collector (--spool); default: 1G");
    limits.value("-B,--buffer-size", raw.buffer_size, "BYTES",
                 "Size of the kernel's buffer, 64k to 1G; default: 64M");

    limits.value("--threads", raw.threads, "COUNT",
                 "Threads that render transactions, 1 to 16; default: 1 (docs/performance.md)");

    Group rights(app, "Rights");
    rights.value("-Z,--relinquish-privileges", raw.options.reader_user, "USER",
                 "Read traffic as this user; default: sslsniff, else nobody (docs/security.md)");

    Group diagnosis(app, "Diagnosis");
    diagnosis.value(
        "--control", raw.options.control, "SOCKET",
        "Answer sslsniff stats here; none: nowhere; default: /run/sslsniff/PID.sock (docs/stats.md)");
    diagnosis.list("--backend", raw.backends, "NAME",
                   "Use this way into the kernel, not the best one (docs/kernels.md); repeatable");

    app.set_config("--config", "",
                   "Options from this TOML file, not from /etc/sslsniff.toml (docs/config.md)")
        ->type_name("FILE")
        ->take_last()
        ->check(not_empty())
        ->group("Other");
    app.set_help_flag("-h,--help", "Print this help")->group("Other");
    const std::string version =
        has_live_capture() ? kVersion : kVersion + std::string(" (without live capture)");
    app.set_version_flag("-V,--version", version, "Print the version")->group("Other");
}

}  // namespace sslsniff
