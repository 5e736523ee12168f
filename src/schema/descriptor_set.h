#pragma once

#include <memory>
#include <string>

#include "base/result.h"
#include "model/message_schema.h"

namespace sslsniff {

/// Reads a FileDescriptorSet, as made by `protoc --include_imports --descriptor_set_out=FILE`.
Result<std::unique_ptr<MessageSchema>> read_descriptor_set(const std::string& path);

}  // namespace sslsniff
