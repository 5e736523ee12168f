"""What is run under capture. Each workload starts its servers in a Lab, then drives them; `until`, a path, keeps
a fixed set of connections busy until that file is there, so that a capture can join in mid-life."""
import random
import subprocess
import sys

import servers

sys.path.append(str(servers.PROGRAMS.parent.parent / "live"))
import go_programs  # noqa: E402

CLIENT = servers.PROGRAMS / "client.py"


class Workload:
    """`comms`: processes whose chunks are judged; None: all that are captured."""

    comms = None
    midlife = True

    def __init__(self, name, serve, drive, comms=None, midlife=True):
        self.name, self.serve, self.drive, self.comms, self.midlife = name, serve, drive, comms, midlife


def client(lab, mode, port, *extra, until=None, connections=20, requests=20, size=200):
    return lab.start(servers.PYTHON, CLIENT, mode, f"127.0.0.1:{port}", "--connections", connections, "--requests", requests,
                     "--size", size, *(("--until", until) if until else ()), *extra)


def drive_python(mode, connections=20, requests=20, size=200):
    return lambda lab, port, until: [client(lab, mode, port, until=until, connections=min(connections, 40) if until else connections,
                                            requests=0 if until else requests, size=size)]


def drive_node(mode, connections=20, requests=20, program="node"):
    return lambda lab, port, until: [lab.start(servers.program_for_node(program), servers.PROGRAMS / "node.js", mode, port, connections,
                                               *((0, until) if until else (requests,)))]


def curl_script(lab, count, port, arguments):
    """Runs curl so often, each time told which local port to use, since it cannot know it beforehand. A port that is
    still in TIME_WAIT is skipped."""
    servers.need("curl")
    first = random.randrange(10000, 30000 - 8 * count)
    return lab.write("curl.sh", f"""
for i in $(seq {count}); do
  for local in $(seq $(({first} + i * 8)) $(({first} + i * 8 + 7))); do
    mark="GT[client=127.0.0.1:$local,server=127.0.0.1:{port}]"
    curl -sk --local-port $local -H "X-GT: $mark" --data "$mark" {arguments} > /dev/null && break
  done
done
exit 0
""")


def drive_curl(version, count=60):
    return lambda lab, port, _until: [
        lab.start("bash", curl_script(lab, count, port, f"{version} https://127.0.0.1:{port}/a https://127.0.0.1:{port}/b"))]


def drive_tls_in_tls(lab, port, _until):
    origin = servers.free_port()
    lab.python("threads", origin, "--echo")
    arguments = (f'--proxy-insecure --proxy https://127.0.0.1:{port} --proxy-header "X-GT: $mark" '
                 f"https://127.0.0.1:{origin}/a https://127.0.0.1:{origin}/b")
    return [lab.start("bash", curl_script(lab, 40, port, arguments))]


def serve_python(mode, *extra):
    return lambda lab, port: lab.python(mode, port, *extra)


def serve_haproxy(lab, port):
    backend = servers.free_port()
    lab.python("threads", backend, "--size", 0)
    lab.haproxy(port, backend)


def serve_stunnel(lab, port):
    backend = servers.free_port()
    lab.start(servers.PYTHON, servers.PROGRAMS / "server.py", "plain", f"127.0.0.1:{backend}", "--echo", port=backend)
    lab.stunnel(port, backend)


def drive_bio_pair(lab, port, _until):
    program = lab.folder / "bio_pair"
    subprocess.run([servers.need("cc"), "-O1", "-o", program, servers.PROGRAMS / "bio_pair.c", "-lssl", "-lcrypto"], check=True)
    return [lab.start(program, port, 50) for _ in range(5)]


def go_program():
    servers.need("go")
    return go_programs.build(servers.PROGRAMS / "goroutines.go", "/var/tmp/sslsniff-go")


def serve_go(lab, port):
    lab.start(go_program(), "server", port, lab.cert, lab.key, port=port)


def drive_go(connections, rounds):
    return lambda lab, port, until: [lab.start(go_program(), "client", port, connections, *((0, until) if until else (rounds,)))]


WORKLOADS = [
    Workload("curl http/1.1 + nginx", lambda lab, port: lab.nginx(port), drive_curl("--http1.1"), midlife=False),
    Workload("curl h2 + nginx", lambda lab, port: lab.nginx(port), drive_curl("--http2"), midlife=False),
    Workload("apache", lambda lab, port: lab.apache(port), drive_python("threads", 40, 20)),
    Workload("haproxy, TLS on both sides", serve_haproxy, drive_python("threads", 40, 40, size=0)),
    Workload("stunnel", serve_stunnel, drive_python("threads", 40, 10)),
    Workload("redis, io-threads", lambda lab, port: lab.redis(port), drive_python("redis", 16, 50)),
    Workload("python, blocking", serve_python("threads"), drive_python("blocking", 40, 20)),
    Workload("python, threads", serve_python("threads"), drive_python("threads", 40, 20)),
    Workload("python asyncio", serve_python("asyncio"), drive_python("asyncio", 200, 20)),
    Workload("python, TLS thread + I/O threads", serve_python("bio"), drive_python("threads", 40, 20)),
    Workload("node https", lambda lab, port: lab.node("server", port), drive_node("client", 40, 25)),
    Workload("node http/2", lambda lab, port: lab.node("h2server", port), drive_node("h2client", 40, 25)),
    Workload("Go", serve_go, drive_go(100, 60)),
    Workload("churn: Go", serve_go, drive_go(500, 1), midlife=False),
    Workload("bun https", lambda lab, port: lab.node("server", port, "bun"), drive_node("client", 40, 25, "bun")),
    Workload("BIO pair", serve_python("threads", "--echo"), drive_bio_pair, comms={"bio_pair"}, midlife=False),
    Workload("TLS in TLS (curl via HTTPS proxy)", serve_python("proxy"), drive_tls_in_tls, comms={"curl"}, midlife=False),
    Workload("churn: nginx", lambda lab, port: lab.nginx(port), drive_python("blocking", 1500, 1), midlife=False),
    Workload("churn: asyncio", serve_python("asyncio"), drive_python("asyncio", 800, 1), midlife=False),
    Workload("churn: node", lambda lab, port: lab.node("server", port), drive_node("client", 400, 1), midlife=False),
    Workload("asyncio, bulk", serve_python("asyncio", "--size", 2000000), drive_python("asyncio", 3, 10)),
]
