"""nginx, over TLS or not, with one worker pinned to CPU 0, serving files of given sizes on a loopback port."""
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


class Nginx:
    def __init__(self, folder, sizes, http2=False, tls=True):
        self.folder, self.port, self.scheme = pathlib.Path(folder), free_port(), "https" if tls else "http"
        self.folder.chmod(0o755)
        cert, key, root = self.folder / "cert.pem", self.folder / "key.pem", self.folder / "www"
        subprocess.run(["openssl", "req", "-x509", "-newkey", "ec", "-pkeyopt", "ec_paramgen_curve:P-256", "-nodes", "-days", "2", "-subj",
                        "/CN=localhost", "-keyout", key, "-out", cert], check=True, stderr=subprocess.DEVNULL)
        root.mkdir()
        for size in sizes:
            (root / str(size)).write_bytes(os.urandom(size // 2).hex().encode().ljust(size, b"x"))
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
        nginx = shutil.which("nginx", path=os.environ["PATH"] + ":/usr/sbin")
        self.master = subprocess.Popen([nginx, "-c", self.config, "-p", self.folder])
        for _ in range(200):
            with socket.socket() as probe:
                if probe.connect_ex(("127.0.0.1", self.port)) == 0:
                    break
            time.sleep(0.05)
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

    def __exit__(self, *_):
        self.master.send_signal(signal.SIGTERM)
        self.master.wait(10)

    def url(self, size):
        return f"{self.scheme}://127.0.0.1:{self.port}/{size}"
