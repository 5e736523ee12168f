"""A gRPC server ("serve CERT KEY", prints its port) or a client that makes calls of each kind ("call PORT CERT", waits
for a line on its standard input). Messages are those of chat.proto, whose descriptors are in the file
CHAT_DESCRIPTORS names."""
import concurrent.futures
import os
import sys
import time

import grpc
from google.protobuf import descriptor_pb2, descriptor_pool, message_factory

with open(os.environ["CHAT_DESCRIPTORS"], "rb") as file:
    files = descriptor_pb2.FileDescriptorSet.FromString(file.read())
pool = descriptor_pool.DescriptorPool()
for one in files.file:
    pool.Add(one)
chat_text = pool.FindMessageTypeByName("chat.Text")
if hasattr(message_factory, "GetMessageClass"):
    Text = message_factory.GetMessageClass(chat_text)
else:  # before protobuf 4.22
    Text = message_factory.MessageFactory(pool).GetPrototype(chat_text)


def serve(cert, key):
    def say(request, context):
        if request.who == "nobody":
            context.abort(grpc.StatusCode.NOT_FOUND, "no such person: nobody")
        return Text(who="server", says="hello " + request.who)
    def listen(request, context):
        for i in range(3):
            yield Text(who="server", number=i)
    def tell(requests, context):
        return Text(who="server", number=sum(1 for _ in requests))
    def talk(requests, context):
        for request in requests:
            yield Text(who="server", says=request.says.upper())
    kind = dict(request_deserializer=Text.FromString, response_serializer=Text.SerializeToString)
    server = grpc.server(concurrent.futures.ThreadPoolExecutor(4))
    server.add_generic_rpc_handlers((grpc.method_handlers_generic_handler("chat.Chat", {
        "Say": grpc.unary_unary_rpc_method_handler(say, **kind),
        "Listen": grpc.unary_stream_rpc_method_handler(listen, **kind),
        "Tell": grpc.stream_unary_rpc_method_handler(tell, **kind),
        "Talk": grpc.stream_stream_rpc_method_handler(talk, **kind)}),))
    credentials = grpc.ssl_server_credentials([(open(key, "rb").read(), open(cert, "rb").read())])
    print(server.add_secure_port("127.0.0.1:0", credentials), flush=True)
    server.start()
    server.wait_for_termination()


def call(port, cert):
    with grpc.secure_channel(f"localhost:{port}", grpc.ssl_channel_credentials(open(cert, "rb").read())) as channel:
        sys.stdin.readline()
        kind = dict(request_serializer=Text.SerializeToString, response_deserializer=Text.FromString)
        channel.unary_unary("/chat.Chat/Say", **kind)(Text(who="ann", says="grüße", number=7, list=[1, 2, 3], mood=1))
        channel.unary_unary("/chat.Chat/Say", **kind)(Text(who="zip", says="z" * 500), compression=grpc.Compression.Gzip)
        try:
            channel.unary_unary("/chat.Chat/Say", **kind)(Text(who="nobody"))
        except grpc.RpcError as error:
            assert error.code() == grpc.StatusCode.NOT_FOUND
        list(channel.unary_stream("/chat.Chat/Listen", **kind)(Text(who="ann")))
        channel.stream_unary("/chat.Chat/Tell", **kind)(iter([Text(says=w) for w in "abcd"]))
        def slowly():
            for word in ("one", "two", "three"):
                yield Text(says=word)
                time.sleep(0.05)
        list(channel.stream_stream("/chat.Chat/Talk", **kind)(slowly()))
    print("done", flush=True)


if sys.argv[1] == "serve":
    serve(*sys.argv[2:])
else:
    call(*sys.argv[2:])
