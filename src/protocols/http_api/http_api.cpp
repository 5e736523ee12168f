// Every API that is told from other HTTP: one row each. Those that only the body tells come last.

#include "protocols/http_api/http_api.h"

#include <array>
#include <vector>

#include "protocols/http_api/clickhouse.h"
#include "protocols/http_api/graphql.h"
#include "protocols/http_api/json_rpc.h"
#include "protocols/http_api/model_api.h"
#include "protocols/http_api/s3.h"
#include "protocols/http_api/search_engine.h"

namespace sslsniff {
namespace {

constexpr auto kApis = std::to_array<HttpApiRow>({
    {.create = create_s3, .fields = s3_fields},
    {.create = create_clickhouse, .fields = clickhouse_fields},
    {.create = create_model_api, .fields = model_api_fields},
    {.create = create_search_engine, .fields = search_engine_fields},
    {.create = create_json_rpc, .fields = json_rpc_fields},
    {.create = create_graphql, .fields = graphql_fields},
});

}  // namespace

std::span<const HttpApiRow> http_apis() {
    return kApis;
}

std::span<const FieldSpec> http_api_fields() {
    static const std::vector<FieldSpec> all = [] {
        std::vector<FieldSpec> fields;
        for (const HttpApiRow& api : kApis) {
            fields.insert(fields.end(), api.fields().begin(), api.fields().end());
        }
        return fields;
    }();
    return all;
}

}  // namespace sslsniff
