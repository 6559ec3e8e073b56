"""nginx over a directory, on a free port of loopback."""

import os
import socket
import subprocess
import time

from servers import free_port

CONFIGURATION = """worker_processes 1; pid {scratch}/nginx.pid; error_log {scratch}/error.log; daemon off; {user}
events {{ worker_connections 256; }}
http {{
  access_log {scratch}/access.log; sendfile on; tcp_nodelay on; keepalive_requests 1000000; {http}
  client_body_temp_path {scratch}/body; proxy_temp_path {scratch}/proxy; fastcgi_temp_path {scratch}/fastcgi;
  uwsgi_temp_path {scratch}/uwsgi; scgi_temp_path {scratch}/scgi;
  server {{ listen 127.0.0.1:{port}{ssl}; root {root}; default_type application/octet-stream; {server} }}
}}
"""


def certificate(directory):
    """A certificate for 127.0.0.1 that signs itself, and its key: paths."""
    pem, key = os.path.join(directory, "cert.pem"), os.path.join(directory, "key.pem")
    subprocess.run(["openssl", "req", "-x509", "-newkey", "ec", "-pkeyopt", "ec_paramgen_curve:prime256v1", "-nodes",
                    "-days", "2", "-subj", "/CN=127.0.0.1", "-addext", "subjectAltName=IP:127.0.0.1", "-keyout", key,
                    "-out", pem], check=True, capture_output=True)
    return pem, key


class Nginx:
    """Use it as a context. `server` and `http` are more lines of the configuration; with `tls` it speaks https only."""

    def __init__(self, root, scratch, server="", http="", tls=None):
        self.scratch, self.port = scratch, free_port()
        ssl = "" if tls is None else " ssl"
        if tls is not None:
            server += f" ssl_certificate {tls[0]}; ssl_certificate_key {tls[1]};"
        # As root its workers would be nobody's, who may not read what a test made.
        user = "user root;" if os.geteuid() == 0 else ""
        self.url = f"http{'' if tls is None else 's'}://127.0.0.1:{self.port}"
        os.makedirs(scratch, exist_ok=True)
        with open(os.path.join(scratch, "nginx.conf"), "w", encoding="utf-8") as file:
            file.write(CONFIGURATION.format(scratch=scratch, root=root, port=self.port, ssl=ssl, server=server, http=http,
                                            user=user))

    def __enter__(self):
        log = os.path.join(self.scratch, "error.log")
        self.process = subprocess.Popen(["nginx", "-c", os.path.join(self.scratch, "nginx.conf"), "-e", log])
        end = time.monotonic() + 10
        while True:
            with socket.socket() as probe:
                if probe.connect_ex(("127.0.0.1", self.port)) == 0:
                    return self
            if time.monotonic() > end or self.process.poll() is not None:
                self.__exit__()
                with open(log, encoding="utf-8") as file:
                    raise RuntimeError("nginx does not answer: " + file.read())
            time.sleep(0.02)

    def __exit__(self, *_):
        self.process.terminate()
        self.process.wait()

    def requests(self):
        """The lines of its access log."""
        with open(os.path.join(self.scratch, "access.log"), encoding="utf-8") as file:
            return file.read().splitlines()
