"""Brokers of librdkafka's mock cluster: prints their addresses, and runs until its standard input ends. The lines "down" and "up" there
take the first broker away and bring it back, which is answered by the line itself."""
import ctypes
import sys

KAFKA = ctypes.CDLL("librdkafka.so.1")
KAFKA.rd_kafka_conf_new.restype = ctypes.c_void_p
KAFKA.rd_kafka_new.restype = ctypes.c_void_p
KAFKA.rd_kafka_new.argtypes = [ctypes.c_int, ctypes.c_void_p, ctypes.c_char_p, ctypes.c_size_t]
KAFKA.rd_kafka_mock_cluster_new.restype = ctypes.c_void_p
KAFKA.rd_kafka_mock_cluster_new.argtypes = [ctypes.c_void_p, ctypes.c_int]
KAFKA.rd_kafka_mock_cluster_bootstraps.restype = ctypes.c_char_p
KAFKA.rd_kafka_mock_cluster_bootstraps.argtypes = [ctypes.c_void_p]
KAFKA.rd_kafka_mock_topic_create.argtypes = [ctypes.c_void_p, ctypes.c_char_p, ctypes.c_int, ctypes.c_int]

RD_KAFKA_PRODUCER = 0
error = ctypes.create_string_buffer(512)
handle = KAFKA.rd_kafka_new(RD_KAFKA_PRODUCER, KAFKA.rd_kafka_conf_new(), error, len(error))
cluster = KAFKA.rd_kafka_mock_cluster_new(handle, int(sys.argv[1]))
for topic in sys.argv[2:]:
    KAFKA.rd_kafka_mock_topic_create(cluster, topic.encode(), 1, 1)
print(KAFKA.rd_kafka_mock_cluster_bootstraps(cluster).decode(), flush=True)
KAFKA.rd_kafka_mock_broker_set_down.argtypes = KAFKA.rd_kafka_mock_broker_set_up.argtypes = [ctypes.c_void_p, ctypes.c_int]
for line in sys.stdin:
    change = KAFKA.rd_kafka_mock_broker_set_down if line == "down\n" else KAFKA.rd_kafka_mock_broker_set_up
    change(cluster, 1)
    print(line, end="", flush=True)
