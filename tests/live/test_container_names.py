"""--container and -k: processes of containers, by the names that runtimes keep on disk."""
import json
import os
import secrets
import shutil
import subprocess

import test_podman
from harness import PATIENCE, PYTHON, LiveTest, free_port, is_listening, wait_until

SERVER = ("import http.server, ssl, sys\n"
          "server = http.server.HTTPServer(('127.0.0.1', int(sys.argv[1])), http.server.SimpleHTTPRequestHandler)\n"
          "context = ssl.SSLContext(ssl.PROTOCOL_TLS_SERVER); context.load_cert_chain(sys.argv[2], sys.argv[3])\n"
          "server.socket = context.wrap_socket(server.socket, server_side=True)\n"
          "server.serve_forever()\n")
TASKS = "/run/containerd/io.containerd.runtime.v2.task"


class ContainerNamesTest(test_podman.PodmanTest):
    test_privileged_container = None  # of the other module

    def start(self, name):
        """A server in a container of podman: its port, and the container's id."""
        port = free_port()
        runtime = ["--runtime", "runc"] if shutil.which("runc") else []
        done = subprocess.run(["podman", *runtime, "run", "-d", "--rm", "--privileged", "--network=host", "--name", name,
                               f"--volume={self.folder}:{self.folder}", "--ulimit=nofile=1024:1024", "--ulimit=nproc=1024:1024",
                               "--rootfs", self.root, PYTHON, "-c", SERVER, str(port), *self.certificate],
                              capture_output=True, text=True, timeout=PATIENCE)
        self.assertEqual(done.returncode, 0, done.stderr)
        self.addCleanup(subprocess.run, ["podman", *runtime, "rm", "-f", "-t", "0", name], capture_output=True)
        wait_until(lambda: is_listening(port), "the server in the container")
        return port, done.stdout.strip()

    def check(self, process, name, container):
        self.assertEqual(process["container_id"], container)
        self.assertEqual(process["container_name"], name)
        self.assertEqual(process["container_runtime"], "podman")

    def test_by_name_and_id(self):
        name = f"sslsniff-{secrets.token_hex(4)}"
        port, container = self.start(name)
        _, other = self.nginx()
        for wanted in name, container[:12]:
            with self.capture("--container", wanted) as capture:
                self.curl(f"https://localhost:{port}/")
                self.curl(f"https://localhost:{other}/")
                capture.wait_for(1)
            (transaction,) = capture.transactions
            self.check(transaction["process"], name, container)
            self.assertEqual(transaction["connection"]["local"]["port"], port)

    def test_one_that_starts_later(self):
        name = f"sslsniff-{secrets.token_hex(4)}"
        with self.capture("--container", name) as capture:
            wait_until(lambda: "No such container runs yet" in capture.stderr, "that it says so")
            port, container = self.start(name)
            self.curl(f"https://localhost:{port}/")
            capture.wait_for(1)
        self.check(capture.transactions[0]["process"], name, container)

    def test_where(self):
        name = f"sslsniff-{secrets.token_hex(4)}"
        port, _ = self.start(name)
        with self.capture("-a", "--where", f"container = {name}") as capture:
            self.curl(f"https://localhost:{port}/")
            capture.wait_for(1)
        self.assertEqual([t["process"]["container_name"] for t in capture.transactions], [name])


class PodTest(LiveTest):
    def pod(self, name):
        """A process in a cgroup like the kubelet's, and containerd's state of it: (function that runs commands there, id)."""
        container = secrets.token_hex(32)
        parent = next((p for p in ("/sys/fs/cgroup/memory", "/sys/fs/cgroup") if os.path.exists(f"{p}/cgroup.procs")), None)
        cgroup, state = f"{parent}/kubepods-sslsniff-{container[:8]}", f"{TASKS}/k8s.io-sslsniff/{container}"
        folder = f"{cgroup}/{container}"
        try:
            os.makedirs(folder)
            os.makedirs(state)
        except OSError as error:
            self.skipTest(f"no cgroup or state can be made: {error}")
        made = [folder, cgroup]
        self.addCleanup(lambda: [os.rmdir(path) for path in made])
        self.addCleanup(shutil.rmtree, os.path.dirname(state))
        with open(f"{state}/config.json", "w", encoding="utf-8") as file:
            json.dump({"ociVersion": "1.1.0", "annotations": {
                "io.kubernetes.cri.container-name": "app", "io.kubernetes.cri.image-name": "registry/app:1",
                "io.kubernetes.cri.sandbox-name": name, "io.kubernetes.cri.sandbox-namespace": "prod"}}, file)

        def run(*command):
            return subprocess.run(["sh", "-c", f'echo $$ > {folder}/cgroup.procs && exec "$@"', "sh", *map(str, command)], check=True,
                                  stdout=subprocess.DEVNULL, timeout=PATIENCE)
        return run, container

    def test_pod(self):
        nginx, port = self.nginx()
        run, container = self.pod("shop-7d9")
        ask = ("import ssl, sys, time, urllib.request as r\n"
               "time.sleep(1)\n"
               "r.urlopen(sys.argv[1], context=ssl._create_unverified_context()).read()\n")
        with self.capture("-k", "prod/shop-7d9") as capture:
            run(PYTHON, "-c", ask, f"https://localhost:{port}/in-pod")
            self.curl(f"https://localhost:{port}/elsewhere")
            capture.wait_for(1)
        (transaction,) = capture.transactions
        self.assertEqual(transaction["request"]["target"], "/in-pod")
        process = transaction["process"]
        self.assertEqual({key: process[key] for key in process if "container" in key or "pod" in key},
                         {"container_id": container, "container_runtime": "containerd", "container_name": "app",
                          "container_image": "registry/app:1", "pod": "shop-7d9", "pod_namespace": "prod"})
