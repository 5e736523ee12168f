"""A small service as they are: POST /orders looks up the item's price in PostgreSQL, asks Redis for the rate of the currency, else an HTTPS
API by its name, stores the order in PostgreSQL and announces it to Kafka, and answers over HTTP.
Arguments: PORT API_HOST CERTIFICATE REDIS_HOST POSTGRESQL_HOST KAFKA_BROKERS."""
import functools
import http.client
import http.server
import json
import socket
import ssl
import sys

import confluent_kafka
import psycopg2

PORT, API_HOST, CERTIFICATE, REDIS_HOST, POSTGRESQL_HOST, BROKERS = int(sys.argv[1]), *sys.argv[2:7]


class Redis:
    """As much of a client as is needed: one command, one reply that is a string or null."""

    def __init__(self, host):
        self.stream = socket.create_connection((host, 6379)).makefile("rwb")

    def ask(self, *words):
        data = [word.encode() for word in words]
        self.stream.write(b"*%d\r\n" % len(data) + b"".join(b"$%d\r\n%s\r\n" % (len(o), o) for o in data))
        self.stream.flush()
        reply = self.stream.readline()
        if not reply.startswith(b"$"):
            return reply[1:-2].decode()
        size = int(reply[1:])
        return None if size < 0 else self.stream.read(size + 2)[:-2].decode()


@functools.cache
def database():
    """Connected when it is needed first."""
    connection = psycopg2.connect(host=POSTGRESQL_HOST, user="shop", dbname="shop", sslmode="disable")
    connection.autocommit = True
    return connection


@functools.cache
def producer():
    return confluent_kafka.Producer({"bootstrap.servers": BROKERS})


class Service(http.server.BaseHTTPRequestHandler):
    redis = None

    def do_POST(self):
        order = json.loads(self.rfile.read(int(self.headers["Content-Length"])))
        with database().cursor() as cursor:
            cursor.execute("SELECT price FROM items WHERE name = %s", (order["item"],))
            total = float(cursor.fetchone()[0]) * self.rate(order["currency"])
            cursor.execute("INSERT INTO orders (item, total) VALUES (%s, %s) RETURNING id", (order["item"], round(total, 2)))
            number = cursor.fetchone()[0]
        producer().produce("orders", json.dumps({"id": number, **order}), str(number))
        producer().flush()
        data = json.dumps({"id": number, "total": round(total, 2)}).encode()
        self.send_response(201)
        self.send_header("Content-Type", "application/json")
        self.send_header("Content-Length", str(len(data)))
        self.end_headers()
        self.wfile.write(data)

    def rate(self, currency):
        rate = self.redis.ask("GET", f"rate:{currency}")
        if rate is None:
            api = http.client.HTTPSConnection(API_HOST, context=ssl.create_default_context(cafile=CERTIFICATE))
            api.request("GET", f"/v1/rates?currency={currency}")
            rate = str(json.load(api.getresponse())["rate"])
            api.close()
            self.redis.ask("SET", f"rate:{currency}", rate, "EX", "60")
        return float(rate)

    def log_message(self, *_):
        pass


Service.redis = Redis(REDIS_HOST)
http.server.HTTPServer(("127.0.0.1", PORT), Service).serve_forever()
