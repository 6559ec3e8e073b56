"""A stand-in for an S3 server that goes wrong: as much of the protocol as coldload speaks, unsigned, with faults on demand.

No server of S3 can be told to lie about a range or to hang amid a body; what is shown with this one is how coldload takes
it, never that it works with S3 (radosgw.py is for that).
"""

import http.server
import os
import re
import socket
import ssl
import threading
import urllib.parse
from xml.sax.saxutils import escape

MIB = 1 << 20
LISTING = ('<?xml version="1.0"?><ListBucketResult><EncodingType>url</EncodingType><KeyCount>{count}</KeyCount>'
           "<IsTruncated>false</IsTruncated>{contents}</ListBucketResult>")


class FaultyS3(http.server.ThreadingHTTPServer):
    """Serves the files below `root` as bucket `models` on a free port. Use it as a context.

    `fault` names what goes wrong, `times` how often (None: always). Only large ranges count: a model's headers are read
    in small ones, and what is wanted is a run that fails while it is timed.
    """

    daemon_threads = True

    def __init__(self, root, fault=None, times=None, date=None, certificate=None, more_keys=()):
        super().__init__(("127.0.0.1", 0), Handler)
        if certificate is not None:
            context = ssl.SSLContext(ssl.PROTOCOL_TLS_SERVER)
            context.load_cert_chain(certificate)
            # The handshake belongs to the connection's thread, not to the one that accepts.
            self.socket = context.wrap_socket(self.socket, server_side=True, do_handshake_on_connect=False)
        self.root, self.fault, self.times, self.date, self.more_keys = root, fault, times, date, more_keys
        self.endpoint = f"http{'' if certificate is None else 's'}://127.0.0.1:{self.server_address[1]}"
        self.lock = threading.Lock()
        self.requests, self.ranges, self.faults = 0, 0, 0
        self.stopping = threading.Event()

    def __enter__(self):
        self.thread = threading.Thread(target=self.serve_forever, kwargs={"poll_interval": 0.02})
        self.thread.start()
        return self

    def __exit__(self, *_):
        self.stopping.set()
        self.shutdown()
        self.thread.join()
        self.server_close()

    def handle_error(self, request, client_address):
        pass  # A client that hangs up is what these tests are about.

    def next_fault(self, length):
        """The fault of this request, or None."""
        with self.lock:
            if self.fault is None or length < MIB:
                return None
            self.ranges += 1
            if self.fault == "etag" and self.ranges == 1:
                return None
            if self.times is not None and self.faults >= self.times:
                return None
            self.faults += 1
            return self.fault


class Handler(http.server.BaseHTTPRequestHandler):
    protocol_version = "HTTP/1.1"

    def log_message(self, *_):
        pass

    def date_time_string(self, timestamp=None):
        return self.server.date or super().date_time_string(timestamp)

    def answer(self, status, headers, body=b""):
        self.send_response(status)
        for name, value in headers.items():
            self.send_header(name, value)
        self.end_headers()
        if self.command != "HEAD":
            self.wfile.write(body)

    def error(self, status, code):
        body = f"<Error><Code>{code}</Code><Message>a message nobody should repeat</Message></Error>".encode()
        self.answer(status, {"Content-Length": str(len(body)), "Content-Type": "application/xml"}, body)

    def do_HEAD(self):
        self.do_GET()

    def do_GET(self):
        with self.server.lock:
            self.server.requests += 1
        url = urllib.parse.urlsplit(self.path)
        query = dict(urllib.parse.parse_qsl(url.query, keep_blank_values=True))
        if self.server.fault == "403":
            return self.error(403, "RequestTimeTooSkewed" if self.server.date else "AccessDenied")
        if self.server.fault == "301":
            body = b"<Error><Code>PermanentRedirect</Code></Error>"
            return self.answer(301, {"Content-Length": str(len(body)), "x-amz-bucket-region": "eu-west-1"}, body)
        if self.server.fault == "silent":
            self.server.stopping.wait(60)
            self.close_connection = True
            return None
        if self.server.fault == "html":
            body = b"<html><body>Please log in</body></html>"
            return self.answer(200, {"Content-Length": str(len(body)), "Content-Type": "text/html"}, body)
        if "list-type" in query:
            return self.list(query["prefix"])
        path = os.path.join(self.server.root, urllib.parse.unquote(url.path).removeprefix("/models/"))
        if not os.path.isfile(path):
            return self.error(404, "NoSuchKey")
        size = os.path.getsize(path)
        if "Range" not in self.headers:
            return self.answer(200, {"Content-Length": str(size), "ETag": '"first"'})
        first, last = map(int, re.fullmatch(r"bytes=(\d+)-(\d+)", self.headers["Range"]).groups())
        self.range(path, size, first, last - first + 1)

    def list(self, prefix):
        contents = []
        for folder, _, names in os.walk(self.server.root):
            for name in names:
                path = os.path.join(folder, name)
                key = os.path.relpath(path, self.server.root)
                if key.startswith(prefix):
                    encoded = escape(urllib.parse.quote(key))
                    contents.append(f"<Contents><Key>{encoded}</Key><Size>{os.path.getsize(path)}</Size></Contents>")
        for key in self.server.more_keys:
            if key.startswith(prefix):
                contents.append(f"<Contents><Key>{escape(urllib.parse.quote(key))}</Key><Size>1</Size></Contents>")
        body = LISTING.format(count=len(contents), contents="".join(contents)).encode()
        self.answer(200, {"Content-Length": str(len(body))}, body)

    def range(self, path, size, first, length):
        fault = self.server.next_fault(length)
        with open(path, "rb") as file:
            file.seek(first)
            body = file.read(length)
        headers = {"Content-Length": str(length), "Content-Range": f"bytes {first}-{first + length - 1}/{size}",
                   "ETag": '"first"'}
        if fault is None:
            return self.answer(206, headers, body)
        getattr(self, "fault_" + fault)(headers, body, size, first)

    def hang_up(self):
        self.close_connection = True
        self.connection.shutdown(socket.SHUT_RDWR)

    def fault_503(self, *_):
        self.error(503, "SlowDown")

    def fault_500(self, *_):
        self.error(500, "InternalError")

    def fault_dies(self, headers, body, *_):
        """The connection ends amid the body."""
        self.answer(206, headers, body[:len(body) // 2])
        self.hang_up()

    def fault_hangs(self, headers, body, *_):
        """Silence amid the body."""
        self.answer(206, headers, body[:len(body) // 2])
        self.wfile.flush()
        self.server.stopping.wait(60)
        self.close_connection = True

    def fault_truncates(self, headers, body, *_):
        """A body that is whole by its own length, and too short for its range."""
        half = body[:len(body) // 2]
        self.answer(206, {**headers, "Content-Length": str(len(half))}, half)

    def fault_ends_early(self, headers, body, *_):
        """A body without a length, too short."""
        del headers["Content-Length"]
        self.answer(206, {**headers, "Connection": "close"}, body[:len(body) // 2])
        self.hang_up()

    def fault_goes_on(self, headers, body, *_):
        """A body without a length, too long."""
        del headers["Content-Length"]
        self.answer(206, {**headers, "Connection": "close"}, body + b"x")
        self.hang_up()

    def fault_wrong_range(self, headers, body, size, first):
        """Bytes of elsewhere, honestly labelled."""
        self.answer(206, {**headers, "Content-Range": f"bytes {first + 1}-{first + len(body)}/{size + 1}"}, body)

    def fault_whole(self, headers, body, size, _first):
        """A server that does not know ranges."""
        self.answer(200, {"Content-Length": str(size), "ETag": headers["ETag"]}, body)

    def fault_etag(self, headers, body, *_):
        """Another object of the same size, from a server that ignores If-Match."""
        self.answer(206, {**headers, "ETag": '"second"'}, body)

    def fault_412(self, *_):
        """The same from one that does not."""
        self.error(412, "PreconditionFailed")
