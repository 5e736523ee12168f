"""Servers with one worker pinned to CPU 0 that serve files of given sizes on a loopback port: nginx, over TLS or not, and lighttpd over one
of several TLS libraries."""
import os
import pathlib
import shutil
import signal
import socket
import subprocess
import time


def free_port():
    with socket.socket() as probe:
        probe.bind(("127.0.0.1", 0))
        return probe.getsockname()[1]


def is_alive(pid):
    """Also not a zombie."""
    try:
        return pathlib.Path(f"/proc/{pid}/stat").read_text().rpartition(")")[2].split()[0] != "Z"
    except OSError:
        return False


class FileServer:
    def __init__(self, folder, sizes, tls=True):
        self.folder, self.port, self.scheme = pathlib.Path(folder), free_port(), "https" if tls else "http"
        self.folder.chmod(0o755)
        self.cert, self.key, self.root = self.folder / "cert.pem", self.folder / "key.pem", self.folder / "www"
        subprocess.run(["openssl", "req", "-x509", "-newkey", "ec", "-pkeyopt", "ec_paramgen_curve:P-256", "-nodes", "-days", "2", "-subj",
                        "/CN=localhost", "-keyout", self.key, "-out", self.cert], check=True, stderr=subprocess.DEVNULL)
        self.root.mkdir()
        for size in sizes:
            (self.root / str(size)).write_bytes(os.urandom(size // 2).hex().encode().ljust(size, b"x"))

    def start(self, *command):
        program = shutil.which(command[0], path=os.environ["PATH"] + ":/usr/sbin")
        self.master = subprocess.Popen([program, *map(str, command[1:])])
        for _ in range(200):
            with socket.socket() as probe:
                if probe.connect_ex(("127.0.0.1", self.port)) == 0:
                    break
            time.sleep(0.05)

    def __exit__(self, *_):
        self.master.send_signal(signal.SIGTERM)
        self.master.wait(10)

    def url(self, size):
        return f"{self.scheme}://127.0.0.1:{self.port}/{size}"


class Lighttpd(FileServer):
    """`library`: gnutls, mbedtls, nss, openssl or wolfssl (package lighttpd-mod-LIBRARY)."""

    def __init__(self, folder, sizes, library):
        super().__init__(folder, sizes)
        self.config = self.folder / "lighttpd.conf"
        self.config.write_text(f"""
server.modules = ("mod_{library}")
server.document-root = "{self.root}"
server.bind = "127.0.0.1"
server.port = {self.port}
server.max-keep-alive-requests = 65535
server.errorlog = "{self.folder}/lighttpd.log"
ssl.engine = "enable"
ssl.pemfile = "{self.cert}"
ssl.privkey = "{self.key}"
""")

    def __enter__(self):
        self.start("lighttpd", "-D", "-f", self.config)
        self.worker = self.master.pid
        os.sched_setaffinity(self.worker, {0})
        return self


class Go(FileServer):
    """net/http, on one processor."""

    def __enter__(self):
        program, source = self.folder / "go_server", pathlib.Path(__file__).with_name("go_server.go")
        environment = {"GO111MODULE": "off", "GOFLAGS": "", "GOCACHE": "/var/tmp/sslsniff-go/cache"}
        subprocess.run(["go", "build", "-o", program, source], check=True, env={**os.environ, **environment})
        os.environ["GOMAXPROCS"] = "1"
        self.start("taskset", "-c", "0", program, self.port, self.root, self.cert, self.key)
        self.worker = self.master.pid
        return self


class Nginx(FileServer):
    def __init__(self, folder, sizes, http2=False, tls=True):
        super().__init__(folder, sizes, tls)
        cert, key, root = self.cert, self.key, self.root
        self.config = self.folder / "nginx.conf"
        self.config.write_text(f"""
daemon off; worker_processes 1; worker_cpu_affinity 01; user root; pid {folder}/nginx.pid; error_log {folder}/nginx.log;
events {{ worker_connections 1024; }}
http {{ access_log off; sendfile off; keepalive_requests 100000000; client_body_temp_path {folder}; proxy_temp_path {folder};
  fastcgi_temp_path {folder}; uwsgi_temp_path {folder}; scgi_temp_path {folder}; output_buffers 4 256k;
  open_file_cache max=100 inactive=1h;
  server {{ listen 127.0.0.1:{self.port}{' ssl' if tls else ''}{' http2' if http2 else ''}; root {root}; ssl_certificate {cert}; ssl_certificate_key {key}; }} }}
""")

    def __enter__(self):
        self.start("nginx", "-c", self.config, "-p", self.folder)
        self.worker = self.current_worker()
        return self

    def current_worker(self, patience=20):
        """Its pid: not at once there, neither after the start nor when the one before was killed."""
        deadline = time.monotonic() + patience
        while self.master.poll() is None and time.monotonic() < deadline:
            children = pathlib.Path(f"/proc/{self.master.pid}/task/{self.master.pid}/children").read_text().split()
            if alive := [int(child) for child in children if is_alive(child)]:
                return alive[0]
            time.sleep(0.01)
        raise RuntimeError(f"nginx has no worker: {(self.folder / 'nginx.log').read_text()}")
