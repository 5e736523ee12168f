#pragma once

#include <cstddef>
#include <cstdint>

#include "model/process.h"
#include "protocols/protocol.h"

namespace sslsniff::test {

/// A connection for one parser that has every exchange describe itself in full and keeps nothing: for fuzzing
/// and benchmarks.
class ExerciseHost : public ParserHost, private FieldWriter, private DetailWriter {
  public:
    /// `describe`: have the exchanges write all they know, not just count them.
    explicit ExerciseHost(bool describe) : describe_(describe) {
        info.process = std::make_shared<ProcessInfo>();
        info.endpoints.transport = Transport::tcp;
    }
    void emit(Timing, Integrity, std::unique_ptr<Exchange> exchange) override {
        ++exchanges;
        if (describe_) {
            const Summary summary = exchange->summary();
            bytes += summary.request.size() + summary.response.size();
            const Facts facts = exchange->facts();
            bytes += facts.operation.size() + facts.target.size() + facts.error_type.size();
            exchange->write_fields(*this);
            exchange->write_details(*this);
        }
    }
    void set_role(Role role) override { info.role = role; }
    void set_tunnel(Tunnel tunnel) override {
        info.tunnel = std::make_shared<const Tunnel>(std::move(tunnel));
    }
    void become(std::unique_ptr<ProtocolParser>, ByteView, ByteView) override {}
    void begin_tls(std::shared_ptr<const ParserSession>, ByteView, ByteView) override {}
    const ConnectionInfo& connection() const override { return info; }

    ConnectionInfo info;
    std::uint64_t exchanges = 0;
    std::uint64_t bytes = 0;
    int depth = 0;  ///< of open objects and arrays: 0 after each exchange

  private:
    void begin_object(std::string_view) override { ++depth; }
    void end_object() override { --depth; }
    void begin_array(std::string_view) override { ++depth; }
    void end_array() override { --depth; }
    void text(std::string_view, ByteView view) override { bytes += view.size(); }
    void number(std::string_view, std::int64_t) override {}
    void number(std::string_view, double) override {}
    void boolean(std::string_view, bool) override {}
    void null(std::string_view) override {}
    void body(std::string_view, const Body& body) override { bytes += body.captured.size(); }
    void line(char, ByteView view) override { bytes += view.size(); }
    void body(char, const Body& body) override { bytes += body.captured.size(); }

    bool describe_;
};

}  // namespace sslsniff::test
