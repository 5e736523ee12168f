"""The programs: one row each. In commands and files, {url} {port} {folder} {ca} {leaf} {key} {both} stand for what a run has."""
import dataclasses

import services
import visits

WHOLE, NAMED = "whole", "named"


@dataclasses.dataclass(frozen=True)
class Program:
    name: str
    package: str  # of Debian, or npm:NAME
    command: str  # by sh; of a server: stays in the foreground
    is_client: bool
    peer: object  # what our side speaks: services.py or visits.py
    starts_tls: bool = False  # TLS begins within the protocol
    alpn: tuple = ()  # that our server agrees to
    files: tuple = ()  # (name, contents) in {folder}
    programs: tuple = ()  # that must be there, beside the first word of the command
    expected: str = WHOLE
    note: str = ""
    is_short: bool = False  # one of those that tools/test runs
    seconds: int = 60  # the client is ended then
    listens: str = "{port}"


HTTP = ("http/1.1",)
BODY = ("body", services.content(40000).decode())
ROWS = []


def client(name, package, command, peer=services.http, alpn=HTTP, **more):
    ROWS.append(Program(name, package, command, True, peer, alpn=alpn if peer is services.http else (), **more))


def server(name, package, command, peer=visits.http, **more):
    ROWS.append(Program(name, package, command, False, peer, **more))


def starttls(function):
    """For services that call start_tls() themselves."""
    return {"peer": function, "starts_tls": True}


# OpenSSL
client("curl", "curl", "exec curl -sS --http1.1 -o out --data-binary @body {url}/echo {url}/bytes/200000", files=(BODY,), is_short=True)
client("openssl s_client", "openssl", "(printf 'GET /bytes/5000 HTTP/1.1\\r\\nConnection: close\\r\\n\\r\\n'; sleep 1) | openssl s_client -quiet "
       "-connect localhost:{port} -CAfile {ca}", programs=("openssl",), is_short=True)
client("python3 urllib", "python3", "exec /usr/bin/python3 -c 'import urllib.request as u; u.urlopen(\"{url}/bytes/100000\").read(); "
       "u.urlopen(\"{url}/echo\", open(\"body\", \"rb\").read()).read()'", files=(BODY,), is_short=True)
client("python3 asyncio", "python3", "exec /usr/bin/python3 fetch.py {port}", is_short=True, files=(("fetch.py", """
import asyncio, ssl, sys
async def fetch():
    reader, writer = await asyncio.open_connection("localhost", int(sys.argv[1]), ssl=ssl.create_default_context())
    writer.write(b"GET /bytes/70000 HTTP/1.1\\r\\nHost: localhost\\r\\nConnection: close\\r\\n\\r\\n")
    await reader.read()
    writer.close()
asyncio.run(fetch())
"""),))
client("python3-requests", "python3-requests", "exec /usr/bin/python3 -c 'import requests as r; r.get(\"{url}/bytes/50000\"); r.post(\"{url}/\", "
       "data=b\"x\" * 9999)'", programs=("/usr/lib/python3/dist-packages/requests/__init__.py",))
client("python3-aiohttp", "python3-aiohttp", "exec /usr/bin/python3 fetch.py {url}", programs=("/usr/lib/python3/dist-packages/aiohttp/__init__.py",),
       files=(("fetch.py", """
import aiohttp, asyncio, ssl, sys
async def fetch():
    async with aiohttp.ClientSession() as session:
        for path in "/bytes/60000", "/":
            async with session.get(sys.argv[1] + path, ssl=ssl.create_default_context()) as response:
                await response.read()
asyncio.run(fetch())
"""),))
client("httpie", "httpie", "exec http --ignore-stdin -o out {url}/bytes/30000", programs=("http",))
client("aws-cli", "awscli", "exec aws --endpoint-url {url} --no-sign-request --cli-connect-timeout 9 s3api list-buckets", programs=("aws",))
client("node", "nodejs", "exec node -e 'const h = require(\"https\"); h.get(\"{url}/bytes/90000\", r => r.resume())'", is_short=True)
client("ruby", "ruby", "exec ruby -e 'require \"net/http\"; Net::HTTP.get(URI(\"{url}/bytes/40000\"))'")
client("perl LWP", "libwww-perl", "exec perl -MLWP::UserAgent -e 'print length LWP::UserAgent->new->get(\"{url}/bytes/40000\")->content'",
       programs=("/usr/share/perl5/LWP/UserAgent.pm",))
client("php", "php-cli", "exec php -r 'echo strlen(file_get_contents(\"{url}/bytes/40000\"));'")
client("tcl-tls", "tcl-tls", "exec tclsh fetch.tcl", files=(("fetch.tcl", """
package require http
package require tls
http::register https 443 [list tls::socket -cafile {ca} -servername localhost]
puts [string length [http::data [http::geturl {url}/bytes/40000]]]
"""),), programs=("tclsh",))
client("lua-sec", "lua-sec", "exec lua5.4 fetch.lua", programs=("lua5.4",), files=(("fetch.lua", """
local socket, ssl = require("socket"), require("ssl")
local c = socket.tcp()
assert(c:connect("127.0.0.1", {port}))
c = assert(ssl.wrap(c, {mode = "client", protocol = "any", verify = "peer", cafile = "{ca}"}))
c:sni("localhost")
assert(c:dohandshake())
c:send("GET /bytes/30000 HTTP/1.1\\r\\nHost: localhost\\r\\nConnection: close\\r\\n\\r\\n")
print(#c:receive("*a"))
c:close()
"""),))
client("socat", "socat", "(printf 'GET /bytes/5000 HTTP/1.1\\r\\nConnection: close\\r\\n\\r\\n'; sleep 1) | socat - OPENSSL:localhost:{port},cafile={ca}",
       programs=("socat",))
client("ncat", "ncat", "(printf 'GET /bytes/5000 HTTP/1.1\\r\\nConnection: close\\r\\n\\r\\n'; sleep 1) | ncat --ssl localhost {port}", programs=("ncat",))
client("axel", "axel", "exec axel -q -k -n 3 -o out {url}/bytes/300000")
client("w3m", "w3m", "exec w3m -dump_source -o ssl_ca_file={ca} {url}/bytes/20000")
client("siege", "siege", "exec siege -b -q -r 5 -c 2 {url}/bytes/3000")
client("ab", "apache2-utils", "exec ab -q -n 20 -c 4 {url}/bytes/3000")
client("subversion", "subversion", "svn --non-interactive --config-option servers:global:ssl-authority-files={ca} ls {url}/repository; true",
       programs=("svn",))
client("mercurial", "mercurial", "hg --config web.cacerts={ca} identify {url}/repository; true", programs=("hg",))
client("redis-cli", "redis-tools", "exec redis-cli --tls --cacert {ca} -h localhost -p {port} set key " + "v" * 3000, peer=services.redis)
client("psql", "postgresql-client", "exec psql 'host=localhost port={port} user=u dbname=d sslmode=verify-full sslrootcert={ca}' -c 'set a to 1'",
       **starttls(services.postgresql))
client("fetchmail", "fetchmail", "chmod 600 fetchmailrc; fetchmail -f fetchmailrc --mda 'cat > /dev/null'; true", peer=services.pop3, programs=("fetchmail",),
       files=(("fetchmailrc", "poll localhost protocol pop3 service {port} user u password p ssl sslcertfile {ca}\n"),))
client("mosquitto_pub", "mosquitto-clients", "exec mosquitto_pub --cafile {ca} -h localhost -p {port} -t topic -f body", peer=services.mqtt, files=(BODY,))
client("swaks", "swaks", "exec swaks --server localhost:{port} --tls --to a@localhost --from b@localhost --body body --suppress-data",
       **starttls(services.smtp))
client("dig +tls", "bind9-dnsutils", "exec dig +tls @127.0.0.1 -p {port} example.test", peer=services.dns, programs=("dig",))
client("stunnel", "stunnel4", "stunnel4 client.conf & sleep 1; curl -s http://127.0.0.1:$(cat front)/bytes/50000 > out; kill %1; wait",
       programs=("stunnel4",), files=(
           ("front", "{spare}"),
           ("client.conf", "foreground = yes\npid =\n[s]\nclient = yes\naccept = 127.0.0.1:{spare}\nconnect = 127.0.0.1:{port}\n")))

# GnuTLS
client("wget", "wget", "exec wget -q -O out {url}/bytes/200000 {url}/ --ca-certificate={ca}", is_short=True)
client("git", "git", "exec git -c http.sslCAInfo={ca} ls-remote {url}/repository.git", files=(
    ("www/repository.git/info/refs", "0123456789012345678901234567890123456789\trefs/heads/main\n"), ("www/repository.git/HEAD", "ref: refs/heads/main\n")))
client("gnutls-cli", "gnutls-bin", "(printf 'GET /bytes/5000 HTTP/1.1\\r\\nConnection: close\\r\\n\\r\\n'; sleep 1) | gnutls-cli --x509cafile {ca} "
       "-p {port} localhost", programs=("gnutls-cli",), is_short=True)
client("apt", "apt", "exec /usr/lib/apt/apt-helper -o Acquire::https::CAInfo={ca} -o APT::Sandbox::User=root download-file {url}/bytes/100000 out",
       programs=("/usr/lib/apt/apt-helper",))
client("curl with GnuTLS", "libcurl3-gnutls", "exec /usr/bin/python3 {peers}/libcurl.py libcurl-gnutls.so.4 {url}/bytes/100000 {ca}",
       programs=("/usr/lib/x86_64-linux-gnu/libcurl-gnutls.so.4",), is_short=True)
client("pycurl", "python3-pycurl", "exec /usr/bin/python3 -c 'import pycurl, io; c = pycurl.Curl(); c.setopt(c.URL, \"{url}/bytes/50000\"); "
       "c.setopt(c.CAINFO, \"{ca}\"); c.setopt(c.WRITEDATA, io.BytesIO()); c.perform()'", programs=("/usr/lib/python3/dist-packages/curl/__init__.py",))
client("aria2", "aria2", "exec aria2c -q --ca-certificate={ca} -x 2 -o out {url}/bytes/100000", programs=("aria2c",))
client("lftp", "lftp", "exec lftp -c 'set ssl:ca-file {ca}; cat {url}/bytes/40000'")
client("lynx", "lynx", "exec lynx -source {url}/bytes/30000")
client("elinks", "elinks", "exec elinks -no-connect -source 1 {url}/bytes/30000", note="does not verify by default")
client("ffmpeg", "ffmpeg", "exec ffmpeg -v error -tls_verify 1 -ca_file {ca} -f u8 -i {url}/bytes/100000 -f null -")
client("cargo", "cargo", "cargo search --registry test something; true", files=(
    (".cargo/config.toml", '[registries.test]\nindex = "sparse+{url}/index/"\n[http]\ncainfo = "{ca}"\n'),
    ("www/index/config.json", '{"dl": "{url}/dl", "api": "{url}"}')), note="its answer is not what cargo wants")
client("emacs", "emacs-nox", "exec emacs --batch --eval '(progn (require (quote gnutls)) (add-to-list (quote gnutls-trustfiles) \"{ca}\") "
       "(url-retrieve-synchronously \"{url}/bytes/30000\" t t 20))'", programs=("emacs",))
client("msmtp", "msmtp", "printf 'Subject: x\\n\\nbody\\n' | msmtp --host=localhost --port={port} --tls=on --tls-trust-file={ca} --from=a@localhost "
       "b@localhost", programs=("msmtp",), **starttls(services.smtp))
client("mutt", "mutt", "TERM=xterm timeout 20 script -qc 'mutt -n -F muttrc' /dev/null; true", peer=services.imap, programs=("mutt", "script"), files=(
    ("muttrc", 'push q\nset folder="imaps://u:p@localhost:{port}" spoolfile="imaps://u:p@localhost:{port}/INBOX" ssl_ca_certificates_file="{ca}"\n'),))
client("ldapsearch", "ldap-utils", "exec ldapsearch -x -H ldaps://127.0.0.1:{port} -b dc=test", peer=services.ldap)
client("kdig", "knot-dnsutils", "exec kdig +tls-ca={ca} +tls-hostname=localhost @127.0.0.1 -p {port} example.test", peer=services.dns)
client("GLib", "glib-networking", "exec /usr/bin/python3 fetch.py {url}", programs=("/usr/lib/python3/dist-packages/gi/__init__.py",
       "/usr/lib/x86_64-linux-gnu/gio/modules/libgiognutls.so"), files=(("fetch.py", """
import sys, gi
gi.require_version("Soup", "2.4")
from gi.repository import Soup, Gio
session = Soup.Session(tls_database=Gio.TlsFileDatabase.new("{ca}"), ssl_use_system_ca_file=False)
message = Soup.Message.new("GET", sys.argv[1] + "/bytes/40000")
print(session.send_message(message))
"""),))

# NSS
client("curl with NSS", "libcurl3-nss", "exec /usr/bin/python3 {peers}/libcurl.py libcurl-nss.so.4 {url}/bytes/100000",
       programs=("/usr/lib/x86_64-linux-gnu/libcurl-nss.so.4",), is_short=True)
client("tstclnt", "libnss3-tools", "printf 'GET /bytes/5000 HTTP/1.1\\r\\nConnection: close\\r\\n\\r\\n' > request; exec tstclnt -4 -h localhost -p {port} "
       "-d sql:{folder}/nss -A request", programs=("tstclnt", "certutil"))
client("firefox", "firefox-esr", "mkdir profile && cp nss/* profile && timeout 60 firefox-esr --headless --no-remote --profile profile "
       "--screenshot {folder}/shot.png {url}/", programs=("firefox-esr", "certutil"), seconds=120,
       files=(("www/index", ""),))

# BoringSSL, rustls, Go and others
client("chromium", "chromium", "timeout 60 chromium --headless --no-sandbox --disable-gpu --ignore-certificate-errors --user-data-dir={folder}/chromium "
       "--dump-dom {url}/", programs=("chromium",), seconds=120)
client("bun", "npm:bun", "exec bun -e 'const r = await fetch(\"{url}/bytes/50000\", {tls: {rejectUnauthorized: false}}); await r.arrayBuffer()'",
       programs=("bun",))
client("deno", "npm:deno", "exec deno eval 'const r = await fetch(\"{url}/bytes/50000\"); await r.arrayBuffer(); Deno.exit(0)'", programs=("deno",))
client("workerd", "npm:workerd", "workerd serve workerd.capnp & for i in 1 2 3 4 5 6 7 8 9; do sleep 1; curl -sf http://127.0.0.1:{spare}/ > out && break; done; "
       "kill %1", programs=("workerd",), files=(("workerd.capnp", """using Workerd = import "/workerd/workerd.capnp";
const config :Workerd.Config = (services = [(name = "main", worker = (modules = [(name = "w", esModule = embed "w.js")],
compatibilityDate = "2024-01-01", globalOutbound = "net")),
(name = "net", network = (allow = ["public", "private"], tlsOptions = (trustedCertificates = [embed "ca.pem"])))],
sockets = [(name = "http", address = "127.0.0.1:{spare}", http = (), service = "main")]);
"""), ("w.js", "export default { fetch() { return fetch(\"{url}/bytes/50000\"); } };\n")))
client("rclone", "rclone", "exec rclone --ca-cert {ca} copyurl {url}/bytes/100000 out")
client("java", "openjdk-17-jre-headless", "exec java -Djdk.tls.client.protocols=TLSv1.3 Fetch.java {url}/bytes/100", programs=("java",), expected=NAMED,
       seconds=120, files=(("Fetch.java", """
import java.net.*; import java.security.cert.X509Certificate; import javax.net.ssl.*;
public class Fetch { public static void main(String[] a) throws Exception {
    SSLContext c = SSLContext.getInstance("TLS");
    c.init(null, new TrustManager[] { new X509TrustManager() {
        public void checkClientTrusted(X509Certificate[] x, String t) {}
        public void checkServerTrusted(X509Certificate[] x, String t) {}
        public X509Certificate[] getAcceptedIssuers() { return new X509Certificate[0]; } } }, null);
    HttpsURLConnection.setDefaultSSLSocketFactory(c.getSocketFactory());
    System.out.println(new URL(a[0]).openStream().readAllBytes().length); } }
"""),))
client("erlang", "erlang-nox", "exec erl -noshell -eval 'application:ensure_all_started(inets), application:ensure_all_started(ssl), "
       "io:format(\"~p\", [httpc:request(get, {\"{url}/bytes/100\", []}, [{ssl, [{verify, verify_none}]}], [])]), halt().'", programs=("erl",),
       expected=NAMED, seconds=90)

# Servers
HTML = ("www/index.html", "<html>" + services.content(50000).decode() + "</html>\n")
server("nginx", "nginx-light", "exec nginx -p {folder} -c {folder}/nginx.conf -e error.log", is_short=True, files=(HTML, ("nginx.conf", """
daemon off; user root; pid nginx.pid; worker_processes 2; events {}
http { access_log off; server { listen 127.0.0.1:{port} ssl; ssl_certificate {leaf}; ssl_certificate_key {key}; root {folder}/www; } }
"""),))
server("apache2", "apache2", "exec apache2 -d {folder} -f {folder}/apache.conf -DFOREGROUND", files=(HTML, ("apache.conf", """
ServerName localhost
User root
Group root
Listen 127.0.0.1:{port}
PidFile {folder}/apache.pid
ErrorLog {folder}/apache.log
DocumentRoot {folder}/www
LoadModule mpm_event_module /usr/lib/apache2/modules/mod_mpm_event.so
LoadModule authz_core_module /usr/lib/apache2/modules/mod_authz_core.so
LoadModule dir_module /usr/lib/apache2/modules/mod_dir.so
LoadModule ssl_module /usr/lib/apache2/modules/mod_ssl.so
SSLEngine on
SSLCertificateFile {leaf}
SSLCertificateKeyFile {key}
""".replace("User root\nGroup root\n", "User www-data\nGroup www-data\n")),))
for module, package in (("openssl", "lighttpd-mod-openssl"), ("gnutls", "lighttpd-mod-gnutls"), ("mbedtls", "lighttpd-mod-mbedtls"),
                        ("nss", "lighttpd-mod-nss"), ("wolfssl", "lighttpd-mod-wolfssl")):
    server(f"lighttpd with {module}", package, "exec lighttpd -D -f lighttpd.conf", is_short=True,
           programs=("lighttpd", f"/usr/lib/lighttpd/mod_{module}.so"), files=(HTML, ("lighttpd.conf", f"""
server.modules = ("mod_{module}")
server.document-root = "{{folder}}/www"
server.bind = "127.0.0.1"
server.port = {{port}}
index-file.names = ("index.html")
ssl.engine = "enable"
ssl.pemfile = "{{leaf}}"
ssl.privkey = "{{key}}"
"""),))
server("haproxy", "haproxy", "exec haproxy -db -f haproxy.cfg", files=(HTML, ("haproxy.cfg", """
global
    tune.bufsize 80000
defaults
    mode http
    timeout client 9s
    timeout server 9s
    timeout connect 9s
frontend f
    bind 127.0.0.1:{port} ssl crt {both}
    http-request return status 200 content-type text/plain file {folder}/www/index.html
"""),))
server("stunnel", "stunnel4", "/usr/bin/python3 -m http.server -b 127.0.0.1 -d www {spare} & sleep 1; exec stunnel4 server.conf", programs=("stunnel4",),
       files=(HTML, ("server.conf", "foreground = yes\npid =\n[s]\ncert = {leaf}\nkey = {key}\naccept = 127.0.0.1:{port}\nconnect = 127.0.0.1:{spare}\n")))
server("hitch", "hitch", "/usr/bin/python3 -m http.server -b 127.0.0.1 -d www {spare} & sleep 1; exec hitch --frontend=[127.0.0.1]:{port} "
       "--backend=[127.0.0.1]:{spare} -u nobody {both}", programs=("hitch",), files=(HTML,))
server("nghttpx", "nghttp2-proxy", "/usr/bin/python3 -m http.server -b 127.0.0.1 -d www {spare} & sleep 1; exec nghttpx --conf=/dev/null "
       "-f127.0.0.1,{port} -b127.0.0.1,{spare} {key} {leaf}", programs=("nghttpx",), files=(HTML,))
server("python3 ssl", "python3", "exec /usr/bin/python3 serve.py", is_short=True, files=(HTML, ("serve.py", """
import http.server, ssl, os
os.chdir("www")
context = ssl.SSLContext(ssl.PROTOCOL_TLS_SERVER)
context.load_cert_chain("{leaf}", "{key}")
server = http.server.ThreadingHTTPServer(("127.0.0.1", {port}), http.server.SimpleHTTPRequestHandler)
server.socket = context.wrap_socket(server.socket, server_side=True)
server.serve_forever()
"""),))
server("node", "nodejs", "exec node serve.js", is_short=True, files=(("serve.js", """
const fs = require("fs");
require("https").createServer({cert: fs.readFileSync("{leaf}"), key: fs.readFileSync("{key}")},
    (request, response) => response.end("answer ".repeat(9000))).listen({port}, "127.0.0.1");
"""),))
# Beside libtcnative-1 it needs libtomcat9-java and a Java: sockets of APR, or Java's with OpenSSL between memory.
for connector, implementation in (("Apr", ""), ("Nio", "org.apache.tomcat.util.net.openssl.OpenSSLImplementation")):
    server(f"tomcat {connector}", "libtcnative-1", "true; exec java -Djava.library.path=/usr/lib/x86_64-linux-gnu "
           "-cp $(ls /usr/share/java/tomcat9*.jar | tr '\\n' :) Server.java",
           programs=("java", "/usr/share/java/tomcat9-catalina.jar", "/usr/lib/x86_64-linux-gnu/libtcnative-1.so"), files=(("Server.java", """
import org.apache.catalina.connector.Connector; import org.apache.catalina.core.AprLifecycleListener; import org.apache.catalina.startup.Tomcat;
import org.apache.tomcat.util.net.*; import javax.servlet.http.*;
public class Server { public static void main(String[] a) throws Exception {
Tomcat tomcat = new Tomcat(); tomcat.setBaseDir("{folder}"); tomcat.getServer().addLifecycleListener(new AprLifecycleListener());
Connector c = new Connector("org.apache.coyote.http11.Http11CONNECTORProtocol"); c.setPort({port}); c.setProperty("address", "127.0.0.1");
c.setProperty("SSLEnabled", "true"); if (!"IMPLEMENTATION".isEmpty()) c.setProperty("sslImplementationName", "IMPLEMENTATION");
SSLHostConfig host = new SSLHostConfig(); SSLHostConfigCertificate own = new SSLHostConfigCertificate(host, SSLHostConfigCertificate.Type.RSA);
own.setCertificateFile("{leaf}"); own.setCertificateKeyFile("{key}"); host.addCertificate(own); c.addSslHostConfig(host); tomcat.setConnector(c);
org.apache.catalina.Context context = tomcat.addContext("", "{folder}"); Tomcat.addServlet(context, "s", new HttpServlet() {
protected void doGet(HttpServletRequest q, HttpServletResponse r) throws java.io.IOException { r.getWriter().print("answer ".repeat(9000)); } });
context.addServletMappingDecoded("/*", "s"); tomcat.start(); tomcat.getServer().await(); } }
""".replace("CONNECTOR", connector).replace("IMPLEMENTATION", implementation)),), seconds=120)
server("hypercorn", "python3-hypercorn", "exec /usr/bin/python3 -m hypercorn -b 127.0.0.1:{port} --certfile {leaf} --keyfile {key} app:app",
       programs=("/usr/lib/python3/dist-packages/hypercorn/__init__.py",), files=(("app.py", """
async def app(scope, receive, send):
    if scope["type"] == "http":
        await send({"type": "http.response.start", "status": 200, "headers": []})
        await send({"type": "http.response.body", "body": b"answer " * 9000})
"""),))
server("ruby", "ruby", "exec ruby serve.rb", peer=visits.echo, files=(("serve.rb", """
require "socket"; require "openssl"
context = OpenSSL::SSL::SSLContext.new
context.add_certificate(OpenSSL::X509::Certificate.new(File.read("{leaf}")), OpenSSL::PKey.read(File.read("{key}")))
server = OpenSSL::SSL::SSLServer.new(TCPServer.new("127.0.0.1", {port}), context)
loop { Thread.new(server.accept) { |c| while (line = c.gets) do c.write(line) end } }
"""),))
server("openssl s_server", "openssl", "exec openssl s_server -accept 127.0.0.1:{port} -cert {leaf} -key {key} -www -quiet")
server("socat", "socat", "exec socat OPENSSL-LISTEN:{port},bind=127.0.0.1,fork,reuseaddr,cert={both},verify=0 EXEC:cat", peer=visits.echo)
server("ncat", "ncat", "exec ncat -l 127.0.0.1 {port} -k --ssl --ssl-cert {leaf} --ssl-key {key} -e /bin/cat", peer=visits.echo)
server("gnutls-serv", "gnutls-bin", "exec gnutls-serv --http -p {port} --x509certfile {leaf} --x509keyfile {key}", programs=("gnutls-serv",), is_short=True)
server("selfserv", "libnss3-tools", "exec selfserv -p {port} -d sql:{folder}/nss -n leaf", programs=("selfserv", "certutil"), is_short=True)
server("redis-server", "redis-server", "exec redis-server --port 0 --bind 127.0.0.1 --tls-port {port} --tls-cert-file {leaf} --tls-key-file {key} "
       "--tls-ca-cert-file {ca} --tls-auth-clients no --save '' --dir {folder}", peer=visits.redis)
server("mosquitto", "mosquitto", "exec mosquitto -c mosquitto.conf", peer=visits.mqtt, files=(("mosquitto.conf", """
user root
allow_anonymous true
listener {port} 127.0.0.1
certfile {leaf}
keyfile {key}
"""),))
server("dovecot", "dovecot-imapd", "exec dovecot -F -c dovecot.conf", peer=visits.imap, files=(("dovecot.conf", """
base_dir = {folder}/dovecot
log_path = {folder}/dovecot.log
protocols = imap
listen = 127.0.0.1
passdb {
  driver = static
  args = password=p
}
ssl = required
ssl_cert = <{leaf}
ssl_key = <{key}
service imap-login {
  inet_listener imap {
    port = 0
  }
  inet_listener imaps {
    port = {port}
    ssl = yes
  }
}
"""),))
server("vsftpd", "vsftpd", "exec vsftpd vsftpd.conf", peer=visits.ftp, starts_tls=True, files=(("vsftpd.conf", """
background=NO
listen=YES
listen_address=127.0.0.1
listen_port={port}
anonymous_enable=YES
ssl_enable=YES
allow_anon_ssl=YES
rsa_cert_file={leaf}
rsa_private_key_file={key}
ssl_ciphers=HIGH
"""),))
server("exim4", "exim4-daemon-light", "exec exim4 -C {folder}/exim.conf -bdf", peer=visits.smtp, starts_tls=True, programs=("exim4",),
       files=(("exim.conf", """
primary_hostname = localhost
exim_user = root
exim_group = root
spool_directory = {folder}/exim
log_file_path = {folder}/exim.%slog
daemon_smtp_ports = {port}
local_interfaces = 127.0.0.1
tls_advertise_hosts = *
tls_certificate = {leaf}
tls_privatekey = {key}
begin routers
begin transports
"""),))
server("ngircd", "ngircd", "exec ngircd -n -f ngircd.conf", peer=visits.irc, files=(("ngircd.conf", """
[Global]
Name = irc.test
Listen = 127.0.0.1
Ports =
[Options]
Ident = no
PAM = no
DNS = no
[SSL]
CertFile = {leaf}
KeyFile = {key}
Ports = {port}
"""),))
server("unbound", "unbound", "exec unbound -d -c unbound.conf", peer=visits.dns, files=(("unbound.conf", """
server:
  chroot: ""
  username: ""
  use-syslog: no
  pidfile: "{folder}/unbound.pid"
  interface: 127.0.0.1@{port}
  tls-port: {port}
  tls-service-pem: {leaf}
  tls-service-key: {key}
"""),))
server("named", "bind9", "exec named -g -c {folder}/named.conf", peer=visits.dns, files=(("named.conf", """
tls local { cert-file "{leaf}"; key-file "{key}"; };
options { directory "{folder}"; pid-file "{folder}/named.pid"; session-keyfile "{folder}/session.key"; listen-on-v6 { none; }; recursion yes;
  listen-on port {port} tls local { 127.0.0.1; }; managed-keys-directory "{folder}"; dnssec-validation no; };
controls { };
"""),))
server("slapd", "slapd", "mkdir db && exec slapd -d 0 -h ldaps://127.0.0.1:{port}/ -f slapd.conf", peer=visits.ldap, programs=("slapd",), files=(("slapd.conf", """
modulepath /usr/lib/ldap
pidfile {folder}/slapd.pid
TLSCertificateFile {leaf}
TLSCertificateKeyFile {key}
TLSCACertificateFile {ca}
TLSVerifyClient never
"""),))
server("prosody", "prosody", "exec prosody -F --config {folder}/prosody.cfg.lua", peer=visits.http, files=(("prosody.cfg.lua", """
run_as_root = true
modules_enabled = { "http" }
modules_disabled = { "s2s", "c2s" }
data_path = "{folder}"
certificates = "{folder}"
http_ports = {}
https_ports = { {port} }
https_interfaces = { "127.0.0.1" }
https_ssl = { certificate = "{leaf}", key = "{key}" }
log = { error = "{folder}/prosody.log" }
VirtualHost "localhost"
"""),))
server("caddy", "caddy", "exec caddy run --adapter caddyfile --config Caddyfile", files=(HTML, ("Caddyfile", """
{
    admin off
    auto_https disable_redirects
}
https://localhost:{port} {
    bind 127.0.0.1
    tls {leaf} {key}
    root * {folder}/www
    file_server
}
"""),))
server("nats-server", "nats-server", "exec nats-server -a 127.0.0.1 -p {port} --tls --tlscert {leaf} --tlskey {key}", peer=visits.nats, starts_tls=True)
