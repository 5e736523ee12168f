// Messages by their descriptors, with libprotobuf. The library is told to be quiet, its limits on depth (100)
// hold, and what it makes of hostile bytes is bounded by how many there are: at most --max-body.

#include "schema/descriptor_set.h"

#include <fmt/format.h>
#include <google/protobuf/descriptor.h>
#include <google/protobuf/descriptor.pb.h>
#include <google/protobuf/dynamic_message.h>
#include <google/protobuf/io/coded_stream.h>
#include <google/protobuf/io/zero_copy_stream_impl_lite.h>
#include <google/protobuf/stubs/logging.h>
#include <google/protobuf/util/json_util.h>

#include <algorithm>
#include <array>
#include <utility>

#include "base/input_stream.h"
#include "base/text.h"

namespace sslsniff {
namespace {

namespace pb = google::protobuf;

constexpr std::size_t kMaxFile = std::size_t{64} << 20U;

/// The first complaint about a file is enough.
class FirstError final : public pb::DescriptorPool::ErrorCollector {
  public:
    void AddError(const std::string& file, const std::string& element, const pb::Message* /*descriptor*/,
                  ErrorLocation /*location*/, const std::string& message) override {
        if (text_.empty()) {
            text_ = fmt::format("{}: {}: {}", file, element, message);
        }
    }
    const std::string& text() const { return text_; }

  private:
    std::string text_;
};

class DescriptorSet final : public MessageSchema {
  public:
    Result<void> add(const pb::FileDescriptorProto& file) {
        FirstError error;
        if (pool_.BuildFileCollectingErrors(file, &error) == nullptr) {
            return fail(ErrorKind::input, printable(error.text()));
        }
        return {};
    }

    std::optional<bool> streams(std::string_view path, Side side) const override {
        const pb::MethodDescriptor* method = find(path);
        if (method == nullptr) {
            return std::nullopt;
        }
        return side == Side::request ? method->client_streaming() : method->server_streaming();
    }

    std::string to_json(std::string_view path, Side side, ByteView bytes) const override {
        const pb::MethodDescriptor* method = find(path);
        if (method == nullptr) {
            return {};
        }
        const pb::LogSilencer quiet;
        const pb::Descriptor* type = side == Side::request ? method->input_type() : method->output_type();
        const std::unique_ptr<pb::Message> message(factory_.GetPrototype(type)->New());
        pb::io::ArrayInputStream array(bytes.data(), static_cast<int>(std::min(bytes.size(), kMaxMessage)));
        pb::io::CodedInputStream input(&array);
        const bool whole = message->MergePartialFromCodedStream(&input) && input.ConsumedEntireMessage();
        std::string json;
        if (!whole && message->ByteSizeLong() == 0) {
            return json;
        }
        if (!pb::util::MessageToJsonString(*message, &json).ok() || !is_utf8(json)) {
            json.clear();  // an Any of a type that is not known, a time out of range ...
        }
        return json;
    }

  private:
    static constexpr std::size_t kMaxMessage = std::size_t{256} << 20U;

    const pb::MethodDescriptor* find(std::string_view path) const {
        if (!path.starts_with('/')) {
            return nullptr;
        }
        std::string name(path.substr(1));
        std::ranges::replace(name, '/', '.');
        return pool_.FindMethodByName(name);
    }

    pb::DescriptorPool pool_;
    mutable pb::DynamicMessageFactory factory_;  // keeps what it has built; no other thread is here
};

Result<Bytes> read_all(const std::string& path) {
    auto fd = open_input_file(path);
    if (!fd) {
        return std::unexpected(fd.error());
    }
    FdInputStream input(*std::move(fd), path);
    Bytes all;
    std::array<char, 65536> buffer{};
    for (;;) {
        const auto got = input.read(buffer);
        if (!got) {
            return std::unexpected(got.error());
        }
        if (*got == 0) {
            return all;
        }
        all.append(buffer.data(), *got);
        if (all.size() > kMaxFile) {
            return fail(ErrorKind::input,
                        fmt::format("{} is larger than 64 MiB: no set of descriptors is", printable(path)));
        }
    }
}

}  // namespace

Result<std::unique_ptr<MessageSchema>> read_descriptor_set(const std::string& path) {
    static constexpr const char* kHow = "make it by protoc --include_imports --descriptor_set_out=FILE";
    auto bytes = read_all(path);
    if (!bytes) {
        return std::unexpected(bytes.error());
    }
    const pb::LogSilencer quiet;
    pb::FileDescriptorSet files;
    if (!files.ParseFromString(*bytes) || files.file().empty()) {
        return fail(ErrorKind::input,
                    fmt::format("{} is not a set of protobuf descriptors: {}", printable(path), kHow));
    }
    auto set = std::make_unique<DescriptorSet>();
    for (const pb::FileDescriptorProto& file : files.file()) {
        if (const auto added = set->add(file); !added) {
            return fail(ErrorKind::input,
                        fmt::format("{}: {} ({})", printable(path), added.error().message, kHow));
        }
    }
    return set;
}

}  // namespace sslsniff
