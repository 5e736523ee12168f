"""A Thrift server whose service is written by hand, as generated code has it: prints its port. Arguments: binary or compact; CERTIFICATE KEY."""
import sys

from thrift.protocol import TBinaryProtocol, TCompactProtocol
from thrift.server import TServer
from thrift.Thrift import TApplicationException, TMessageType, TType
from thrift.transport import TSocket, TSSLSocket, TTransport


class Processor:
    def process(self, iprot, oprot):
        name, kind, number = iprot.readMessageBegin()
        iprot.readStructBegin()
        values = {}
        while True:
            _, field_type, field_id = iprot.readFieldBegin()
            if field_type == TType.STOP:
                break
            values[field_id] = iprot.readI32() if field_type == TType.I32 else iprot.readString()
            iprot.readFieldEnd()
        iprot.readStructEnd()
        iprot.readMessageEnd()
        if kind == TMessageType.ONEWAY:
            return
        if name not in ("getName", "find"):
            oprot.writeMessageBegin(name, TMessageType.EXCEPTION, number)
            TApplicationException(TApplicationException.UNKNOWN_METHOD, f"Unknown function {name}").write(oprot)
        else:
            oprot.writeMessageBegin(name, TMessageType.REPLY, number)
            oprot.writeStructBegin("result")
            if name == "getName":
                oprot.writeFieldBegin("success", TType.STRING, 0)
                oprot.writeString(f"name {values[1]}")
            else:
                oprot.writeFieldBegin("missing", TType.STRUCT, 1)
                oprot.writeStructBegin("Missing")
                oprot.writeFieldBegin("message", TType.STRING, 1)
                oprot.writeString("no such user")
                oprot.writeFieldEnd()
                oprot.writeFieldStop()
                oprot.writeStructEnd()
            oprot.writeFieldEnd()
            oprot.writeFieldStop()
            oprot.writeStructEnd()
        oprot.writeMessageEnd()
        oprot.trans.flush()


protocol = {"binary": TBinaryProtocol.TBinaryProtocolFactory, "compact": TCompactProtocol.TCompactProtocolFactory}[sys.argv[1]]()
if len(sys.argv) > 2:
    listener = TSSLSocket.TSSLServerSocket("127.0.0.1", 0, certfile=sys.argv[2], keyfile=sys.argv[3])
else:
    listener = TSocket.TServerSocket("127.0.0.1", 0)
listen = listener.listen


def announce():
    listen()
    print(listener.handle.getsockname()[1], flush=True)


listener.listen = announce
TServer.TThreadedServer(Processor(), listener, TTransport.TFramedTransportFactory(), protocol, daemon=True).serve()
