"""Stands in for an engine: serves /health, as told.

    health_server.py PORT REPORT [--ready-after S | --never] [--end-after S] [--status N] [--child] [engine flags…]

REPORT is written with its arguments, as JSON, before it listens; with --child it starts a process that outlives it
unless its whole group is ended.
"""

import http.server
import json
import os
import socketserver
import subprocess
import sys
import threading
import time


class Server(http.server.ThreadingHTTPServer):
    def server_bind(self):
        # HTTPServer's own asks a name server who 127.0.0.1 is, which may take long.
        socketserver.TCPServer.server_bind(self)


def number_after(flag, otherwise):
    return float(sys.argv[sys.argv.index(flag) + 1]) if flag in sys.argv else otherwise


def main():
    began = time.monotonic()
    ready_after = float("inf") if "--never" in sys.argv else number_after("--ready-after", 0)
    if "--child" in sys.argv:
        subprocess.Popen(["sleep", "300"])
    with open(sys.argv[2] + ".new", "w", encoding="utf-8", errors="surrogateescape") as file:
        json.dump({"argv": sys.argv[1:], "pid": os.getpid(), "environment": dict(os.environ)}, file)
    os.rename(sys.argv[2] + ".new", sys.argv[2])

    class Handler(http.server.BaseHTTPRequestHandler):
        def do_GET(self):
            ready = time.monotonic() - began >= ready_after and self.path == "/health"
            self.send_response(200 if ready else 503)
            self.end_headers()

        def log_message(self, *arguments):
            pass

    end_after = number_after("--end-after", None)
    if end_after is not None:
        threading.Timer(end_after, lambda: os._exit(int(number_after("--status", 0)))).start()
    if "--silent" in sys.argv:
        time.sleep(300)
    Server(("127.0.0.1", int(sys.argv[1])), Handler).serve_forever()


if __name__ == "__main__":
    main()
