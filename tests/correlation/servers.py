"""Servers under test, each on a loopback port of its own, configured to name the connection in what they send."""
import os
import pathlib
import shutil
import signal
import socket
import subprocess
import tempfile
import time

PROGRAMS = pathlib.Path(__file__).parent / "programs"
PYTHON = "/usr/bin/python3"


class Missing(Exception):
    """A program this test needs is not installed."""


def need(program):
    path = shutil.which(program, path=os.environ["PATH"] + ":/usr/sbin:/usr/local/sbin")
    if not path:
        raise Missing(f"{program} is not installed")
    return path


def program_for_node(name):
    """What runs programs for node: "node", or "bun"."""
    return need_npm("@oven/bun-linux-x64@1.4.5", "bin/bun") if name == "bun" else need(name)


def need_npm(package, path):
    """A program that tools/fetch-npm can have."""
    done = subprocess.run([PROGRAMS.parents[2] / "tools" / "fetch-npm", package, path], capture_output=True, text=True, check=False)
    if done.returncode:
        raise Missing(done.stderr.strip())
    return done.stdout.strip()


USED_PORTS = set()  # given out by free_port()


def free_port():
    with socket.socket() as probe:
        probe.bind(("127.0.0.1", 0))
        port = probe.getsockname()[1]
    USED_PORTS.add(port)
    return port


def wait_for(port, process, seconds=60):
    deadline = time.monotonic() + seconds
    while time.monotonic() < deadline:
        with socket.socket() as probe:
            if probe.connect_ex(("127.0.0.1", port)) == 0:
                return
        if process.poll() is not None:
            raise RuntimeError(f"server ended with status {process.returncode}")
        time.sleep(0.05)
    raise RuntimeError(f"nothing listens on port {port}")


class Lab:
    """A temporary folder with a certificate, and the processes started in it; all end with it."""

    def __enter__(self):
        self.folder = pathlib.Path(tempfile.mkdtemp(prefix="sslsniff-gt-"))
        self.folder.chmod(0o755)
        self.cert, self.key = self.folder / "cert.pem", self.folder / "key.pem"
        subprocess.run(["openssl", "req", "-x509", "-newkey", "ec", "-pkeyopt", "ec_paramgen_curve:P-256", "-nodes", "-days", "2",
                        "-subj", "/CN=localhost", "-addext", "subjectAltName=DNS:localhost,IP:127.0.0.1", "-keyout", self.key,
                        "-out", self.cert], check=True, stderr=subprocess.DEVNULL)
        (self.folder / "both.pem").write_text(self.cert.read_text() + self.key.read_text())
        self.processes = []
        return self

    def __exit__(self, *_):
        for process in reversed(self.processes):
            if process.poll() is None:
                process.send_signal(signal.SIGTERM)
        for process in reversed(self.processes):
            try:
                process.wait(10)
            except subprocess.TimeoutExpired:
                process.kill()
                process.wait()
        shutil.rmtree(self.folder, ignore_errors=True)

    def start(self, *command, port=None, **options):
        with open(self.folder / "log", "ab") as log:
            process = subprocess.Popen([str(word) for word in command], stdout=log, stderr=log, stdin=subprocess.DEVNULL, **options)
        self.processes.append(process)
        if port:
            wait_for(port, process)
        return process

    def write(self, name, text):
        path = self.folder / name
        path.write_text(text)
        return path

    def python(self, mode, port, *extra):
        return self.start(PYTHON, PROGRAMS / "server.py", mode, f"127.0.0.1:{port}", "--cert", self.cert, "--key", self.key, *extra, port=port)

    def node(self, mode, port, program="node"):
        return self.start(program_for_node(program), PROGRAMS / "node.js", mode, port, self.cert, self.key, port=port)

    def nginx(self, port):
        mark = "GT[client=$remote_addr:$remote_port,server=$server_addr:$server_port]"
        config = self.write("nginx.conf", f"""
daemon off; worker_processes 1; pid {self.folder}/nginx.pid; error_log {self.folder}/nginx.log;
events {{ worker_connections 4096; }}
http {{ access_log off; keepalive_requests 1000000; client_body_temp_path {self.folder}; client_max_body_size 100m;
  proxy_temp_path {self.folder}; fastcgi_temp_path {self.folder}; uwsgi_temp_path {self.folder}; scgi_temp_path {self.folder};
  server {{ listen 127.0.0.1:{port} ssl http2; ssl_certificate {self.cert}; ssl_certificate_key {self.key};
    location / {{ add_header X-GT "{mark}"; return 200 "{mark}{mark}{mark}"; }} }} }}
""")
        return self.start(need("nginx"), "-c", config, "-p", self.folder, port=port)

    def apache(self, port):
        modules = "/usr/lib/apache2/modules"
        loads = "\n".join(f"LoadModule {name}_module {modules}/mod_{name}.so" for name in ("mpm_event", "ssl", "headers", "authz_core"))
        (self.folder / "htdocs").mkdir(exist_ok=True)
        (self.folder / "htdocs" / "index.html").write_text("apache\n")
        config = self.write("apache.conf", f"""
ServerRoot {self.folder}
ServerName localhost
PidFile {self.folder}/apache.pid
ErrorLog {self.folder}/apache.log
{loads}
Listen 127.0.0.1:{port}
StartServers 1
DocumentRoot {self.folder}/htdocs
<Directory {self.folder}/htdocs>
Require all granted
</Directory>
MaxKeepAliveRequests 0
SSLEngine on
SSLCertificateFile {self.cert}
SSLCertificateKeyFile {self.key}
Header always set X-GT "expr=GT[client=%{{REMOTE_ADDR}}:%{{REMOTE_PORT}},server=127.0.0.1:{port}]"
ErrorDocument 405 "no"
""")
        return self.start(need("apache2"), "-DFOREGROUND", "-f", config, port=port)

    def haproxy(self, port, backend_port):
        """TLS on both sides; each side's messages are renamed to its own connection."""
        config = self.write("haproxy.cfg", f"""
global
  nbthread 2
  stats socket {self.folder}/haproxy.sock
defaults
  mode http
  timeout client 30s
  timeout server 30s
  timeout connect 5s
frontend f
  bind 127.0.0.1:{port} ssl crt {self.folder}/both.pem
  http-request del-header X-GT
  http-response set-header X-GT "GT[client=%[src]:%[src_port],server=%[dst]:%[dst_port]]"
  default_backend b
backend b
  http-reuse always
  server s 127.0.0.1:{backend_port} ssl verify none
""")
        return self.start(need("haproxy"), "-db", "-f", config, port=port)

    def stunnel(self, port, backend_port):
        config = self.write("stunnel.conf", f"""
foreground = yes
pid =
cert = {self.cert}
key = {self.key}
[s]
accept = 127.0.0.1:{port}
connect = 127.0.0.1:{backend_port}
""")
        return self.start(need("stunnel4"), config, port=port)

    def redis(self, port):
        return self.start(need("redis-server"), "--port", 0, "--tls-port", port, "--bind", "127.0.0.1", "--tls-cert-file", self.cert,
                          "--tls-key-file", self.key, "--tls-ca-cert-file", self.cert, "--tls-auth-clients", "no", "--io-threads", 2,
                          "--io-threads-do-reads", "yes", "--save", "", "--dir", self.folder, port=port)
