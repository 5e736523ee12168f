"""A certificate authority for one run, a certificate for localhost, and what makes programs trust it."""
import os
import shutil
import subprocess

EXTENSIONS = "subjectAltName=DNS:localhost,IP:127.0.0.1\nextendedKeyUsage=serverAuth\nbasicConstraints=CA:FALSE\n"

# Variables by which programs and libraries find authorities.
TRUSTING = ("SSL_CERT_FILE", "CURL_CA_BUNDLE", "REQUESTS_CA_BUNDLE", "NODE_EXTRA_CA_CERTS", "DENO_CERT", "GIT_SSL_CAINFO", "AWS_CA_BUNDLE",
            "CARGO_HTTP_CAINFO", "HTTPLIB2_CA_CERTS", "PERL_LWP_SSL_CA_FILE", "LDAPTLS_CACERT", "PGSSLROOTCERT")


def make_certificates(folder):
    """ca.pem, leaf.pem, leaf.key and both.pem (leaf and key) in `folder`."""
    def openssl(*arguments):
        subprocess.run(["openssl", *arguments], check=True, capture_output=True, cwd=folder)
    openssl("req", "-x509", "-newkey", "rsa:2048", "-nodes", "-days", "2", "-subj", "/CN=Authority of the test", "-addext",
            "basicConstraints=critical,CA:TRUE", "-addext", "keyUsage=critical,keyCertSign,cRLSign", "-keyout", "ca.key", "-out", "ca.pem")
    openssl("req", "-newkey", "rsa:2048", "-nodes", "-subj", "/CN=localhost", "-keyout", "leaf.key", "-out", "leaf.csr")
    (folder / "extensions").write_text(EXTENSIONS)
    openssl("x509", "-req", "-in", "leaf.csr", "-CA", "ca.pem", "-CAkey", "ca.key", "-CAcreateserial", "-days", "2", "-extfile", "extensions",
            "-out", "leaf.pem")
    (folder / "both.pem").write_text((folder / "leaf.pem").read_text() + (folder / "leaf.key").read_text())
    for file in folder.iterdir():
        file.chmod(0o644)


def make_nss_database(folder):
    """nss/ in `folder`: the authority, trusted, and the certificate for localhost as "leaf"."""
    if not shutil.which("certutil"):
        return
    (folder / "nss").mkdir()
    database = ["-d", f"sql:{folder}/nss"]
    for command in (["certutil", "-N", *database, "--empty-password"],
                    ["certutil", "-A", *database, "-n", "authority", "-t", "CT,C,C", "-i", "ca.pem"],
                    ["openssl", "pkcs12", "-export", "-in", "both.pem", "-name", "leaf", "-out", "leaf.p12", "-passout", "pass:"],
                    ["pk12util", "-i", "leaf.p12", *database, "-W", ""]):
        subprocess.run(command, check=True, capture_output=True, cwd=folder)


def environment(folder):
    """Of programs under test: they trust the authority, and have a home of their own."""
    trusting = {name: str(folder / "ca.pem") for name in TRUSTING}
    paths = os.environ["PATH"] + ":/usr/sbin:/sbin:/usr/local/sbin"
    toolchains = {"RUSTUP_HOME": os.path.expanduser("~/.rustup")}  # where cargo is a proxy
    return {**toolchains, **os.environ, **trusting, "HOME": str(folder), "TMPDIR": str(folder), "PATH": paths, "LC_ALL": "C.UTF-8"}
