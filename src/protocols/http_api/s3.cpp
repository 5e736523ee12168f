// Amazon S3 and what speaks like it (MinIO, Ceph, R2): told by the signature, named by method, path and
// query.

#include "protocols/http_api/s3.h"

#include <fmt/format.h>

#include <algorithm>
#include <array>
#include <string>

#include "base/memory.h"
#include "base/text.h"
#include "base/url.h"
#include "protocols/http/http_exchange.h"
#include "protocols/http_api/api_fields.h"
#include "protocols/http_api/query_string.h"

namespace sslsniff {
namespace {

using enum FieldType;

constexpr auto kFields = std::to_array<FieldSpec>({
    {"s3.operation", text},
    {"s3.bucket", text},
    {"s3.key", text},
    {"s3.part_number", text},
    {"s3.upload_id", text},
    {"s3.request_id", text},
    {"s3.error_code", text},
    {"s3.error_message", text},
});

enum class Of : std::uint8_t { service, bucket, object };

/// A row applies when the target has `query` (any, when empty): the first that does names the operation.
struct Operation {
    Of of;
    std::string_view method;
    std::string_view query;
    std::string_view name;
};
constexpr auto kOperations = std::to_array<Operation>({
    {Of::service, "GET", "", "ListBuckets"},
    {Of::bucket, "GET", "uploads", "ListMultipartUploads"},
    {Of::bucket, "GET", "versions", "ListObjectVersions"},
    {Of::bucket, "GET", "location", "GetBucketLocation"},
    {Of::bucket, "GET", "versioning", "GetBucketVersioning"},
    {Of::bucket, "GET", "acl", "GetBucketAcl"},
    {Of::bucket, "GET", "policy", "GetBucketPolicy"},
    {Of::bucket, "GET", "lifecycle", "GetBucketLifecycleConfiguration"},
    {Of::bucket, "GET", "cors", "GetBucketCors"},
    {Of::bucket, "GET", "encryption", "GetBucketEncryption"},
    {Of::bucket, "GET", "tagging", "GetBucketTagging"},
    {Of::bucket, "GET", "notification", "GetBucketNotificationConfiguration"},
    {Of::bucket, "GET", "object-lock", "GetObjectLockConfiguration"},
    {Of::bucket, "GET", "list-type", "ListObjectsV2"},
    {Of::bucket, "GET", "", "ListObjects"},
    {Of::bucket, "HEAD", "", "HeadBucket"},
    {Of::bucket, "POST", "delete", "DeleteObjects"},
    {Of::bucket, "POST", "", "PostObject"},
    {Of::bucket, "PUT", "versioning", "PutBucketVersioning"},
    {Of::bucket, "PUT", "policy", "PutBucketPolicy"},
    {Of::bucket, "PUT", "lifecycle", "PutBucketLifecycleConfiguration"},
    {Of::bucket, "PUT", "cors", "PutBucketCors"},
    {Of::bucket, "PUT", "acl", "PutBucketAcl"},
    {Of::bucket, "PUT", "encryption", "PutBucketEncryption"},
    {Of::bucket, "PUT", "tagging", "PutBucketTagging"},
    {Of::bucket, "PUT", "notification", "PutBucketNotificationConfiguration"},
    {Of::bucket, "PUT", "", "CreateBucket"},
    {Of::bucket, "DELETE", "policy", "DeleteBucketPolicy"},
    {Of::bucket, "DELETE", "lifecycle", "DeleteBucketLifecycle"},
    {Of::bucket, "DELETE", "cors", "DeleteBucketCors"},
    {Of::bucket, "DELETE", "tagging", "DeleteBucketTagging"},
    {Of::bucket, "DELETE", "", "DeleteBucket"},
    {Of::object, "GET", "uploadId", "ListParts"},
    {Of::object, "GET", "acl", "GetObjectAcl"},
    {Of::object, "GET", "tagging", "GetObjectTagging"},
    {Of::object, "GET", "attributes", "GetObjectAttributes"},
    {Of::object, "GET", "", "GetObject"},
    {Of::object, "HEAD", "", "HeadObject"},
    {Of::object, "PUT", "partNumber", "UploadPart"},
    {Of::object, "PUT", "acl", "PutObjectAcl"},
    {Of::object, "PUT", "tagging", "PutObjectTagging"},
    {Of::object, "PUT", "", "PutObject"},
    {Of::object, "POST", "uploads", "CreateMultipartUpload"},
    {Of::object, "POST", "uploadId", "CompleteMultipartUpload"},
    {Of::object, "POST", "select", "SelectObjectContent"},
    {Of::object, "POST", "restore", "RestoreObject"},
    {Of::object, "DELETE", "uploadId", "AbortMultipartUpload"},
    {Of::object, "DELETE", "tagging", "DeleteObjectTagging"},
    {Of::object, "DELETE", "", "DeleteObject"},
});

/// Signature version 4 names the service that it is for, in a header field or in the query of a presigned
/// URL; version 2 has a form of its own.
bool is_signed_for_s3(const HttpRequest& request) {
    const ByteView authorization = request.headers.find("Authorization").value_or(ByteView());
    return authorization.contains("/s3/aws4_request") ||
           (authorization.starts_with("AWS ") && authorization.contains(':')) ||
           query_value(request.target, "X-Amz-Credential").value_or("").ends_with("/s3/aws4_request");
}

/// "bucket" of "bucket.s3.eu-central-1.amazonaws.com"; empty when the bucket is in the path.
std::string_view bucket_of_host(std::string_view host) {
    for (const std::string_view behind : {".s3.", ".s3-", ".s3express-"}) {
        if (const std::size_t at = host.find(behind); at != std::string_view::npos) {
            return host.substr(0, at);
        }
    }
    return {};
}

/// The text of an element of an error document, which is flat.
std::string element(ByteView xml, std::string_view name) {
    const std::string begin = fmt::format("<{}>", name);
    const std::size_t at = xml.find(begin);
    if (at == ByteView::npos) {
        return {};
    }
    const ByteView behind = xml.substr(at + begin.size());
    return kept_text(behind.substr(0, behind.find('<')));
}

class S3 final : public HttpApi {
  public:
    explicit S3(const HttpRequest& request)
        : part_number_(kept_text(query_value(request.target, "partNumber").value_or(""))),
          upload_id_(kept_text(query_value(request.target, "uploadId").value_or(""))) {
        std::string_view path = path_of(request.target);
        path.remove_prefix(path.starts_with('/') ? 1 : 0);
        bucket_ = kept_text(bucket_of_host(request.host));
        if (bucket_.empty()) {
            const std::string_view first = path.substr(0, path.find('/'));
            bucket_ = kept_text(first);
            path.remove_prefix(std::min(first.size() + 1, path.size()));
        }
        key_ = kept_text(path);
        const Of of = bucket_.empty() ? Of::service : key_.empty() ? Of::bucket : Of::object;
        const auto* found = std::ranges::find_if(kOperations, [&](const Operation& operation) {
            return operation.of == of && operation.method == request.method &&
                   (operation.query.empty() || has_query(request.target, operation.query));
        });
        operation_ = found != kOperations.end() ? found->name : std::string_view();
        if (request.headers.find("x-amz-copy-source")) {
            operation_ = operation_ == "UploadPart" ? "UploadPartCopy" : "CopyObject";
        }
    }

    bool on_request(ByteView /*body*/, Timestamp /*time*/) override { return !operation_.empty(); }

    void on_response(ByteView body) override {
        // Also with status 200: CopyObject and CompleteMultipartUpload may fail after their header section.
        if (body.contains("<Error>")) {
            error_code_ = element(body, "Code");
            error_message_ = element(body, "Message");
        }
    }

    void describe(const HttpExchange& /*exchange*/, Summary& summary) const override {
        summary.request += fmt::format(" {}", operation_);
        if (!error_code_.empty()) {
            summary.response += ", " + error_code_ + (error_message_.empty() ? "" : ": " + error_message_);
            summary.tone = summary.tone == Summary::Tone::normal ? Summary::Tone::server_error : summary.tone;
        }
    }

    void add_facts(const HttpExchange& /*exchange*/, Facts& facts) const override {
        facts.operation = operation_;
        if (!bucket_.empty()) {
            facts.target = bucket_ + (key_.empty() ? "" : "/" + key_);
        }
        if (!error_code_.empty()) {
            facts.error_type = error_code_;
            facts.outcome = facts.outcome == Outcome::ok ? Outcome::server_error : facts.outcome;
        }
    }

    void write_fields(const HttpExchange& exchange, FieldWriter& writer) const override {
        writer.begin_object("s3");
        writer.text("operation", operation_);
        write_known(writer, "bucket", bucket_);
        write_known(writer, "key", key_);
        write_known(writer, "part_number", part_number_);
        write_known(writer, "upload_id", upload_id_);
        if (exchange.response) {
            write_known(writer, "request_id",
                        kept_text(exchange.response->headers.find("x-amz-request-id").value_or(ByteView())));
        }
        write_known(writer, "error_code", error_code_);
        write_known(writer, "error_message", error_message_);
        writer.end_object();
    }

    std::size_t held() const override {
        return sizeof(*this) + heap_bytes(bucket_) + heap_bytes(key_) + heap_bytes(part_number_) +
               heap_bytes(upload_id_) + heap_bytes(error_code_) + heap_bytes(error_message_);
    }

  private:
    std::string_view operation_;  ///< of the table
    std::string bucket_;
    std::string key_;
    std::string part_number_;
    std::string upload_id_;
    std::string error_code_;
    std::string error_message_;
};

}  // namespace

std::unique_ptr<HttpApi> create_s3(const HttpRequest& request) {
    return is_signed_for_s3(request) ? std::make_unique<S3>(request) : nullptr;
}

std::span<const FieldSpec> s3_fields() {
    return kFields;
}

}  // namespace sslsniff
