"""Two agents in one image: the ledger answers with what it was told, and the clerk tells it something every minute."""

import http.server, json, os, signal, sys, time, urllib.request


class Ledger(http.server.BaseHTTPRequestHandler):
    entries = []

    def do_GET(self):
        self.answer({"entries": len(self.entries)})

    def do_POST(self):
        self.entries.append(json.loads(self.rfile.read(int(self.headers["Content-Length"]))))
        self.answer({"entry": len(self.entries)})

    def answer(self, body):
        self.send_response(200)
        self.send_header("Content-Type", "application/json")
        self.end_headers()
        self.wfile.write(json.dumps(body).encode())


def clerk(ledger):
    while True:
        try:
            with urllib.request.urlopen(ledger, json.dumps({"at": time.time()}).encode(), timeout=10) as answer:
                print(json.dumps({"level": "info", "message": "told the ledger", **json.load(answer)}), flush=True)
        except OSError as err:
            print(json.dumps({"level": "error", "message": "the ledger does not answer", "reason": str(err)}), flush=True)
        time.sleep(60)


port, ledger = os.environ.get("PORT"), os.environ.get("LEDGER_URL")
if "--check" in sys.argv:  # the container's health check: the clerk has nothing to ask
    if port:
        urllib.request.urlopen(f"http://127.0.0.1:{port}/", timeout=3)
    sys.exit()
signal.signal(signal.SIGTERM, lambda *_: sys.exit())
if port:
    http.server.ThreadingHTTPServer(("0.0.0.0", int(port)), Ledger).serve_forever()
clerk(ledger)
