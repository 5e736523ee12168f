#pragma once

#include "api/sslsniff.h"

namespace sslsniff::api {

/// A function of the caller with what it wants to be handed to it.
template <class Function>
struct Callback {
    Function function = nullptr;
    void* context = nullptr;

    explicit operator bool() const { return function != nullptr; }
    template <class... Arguments>
    void operator()(Arguments... arguments) const {
        function(context, arguments...);
    }
};

struct Callbacks {
    Callback<sslsniff_event_callback> event;
    Callback<sslsniff_transaction_callback> transaction;
    Callback<sslsniff_connection_callback> connection;
    Callback<sslsniff_line_callback> line;
    Callback<sslsniff_notice_callback> notice;
};

}  // namespace sslsniff::api
