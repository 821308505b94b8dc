"""One of a crew: it adds its part to a task and hands it to the next one, until it has been round."""

import http.server, json, os, signal, urllib.request

NAME = os.environ["AGENT_NAME"]
NEXT = {"planner": "RESEARCHER_URL", "researcher": "WRITER_URL", "writer": "PLANNER_URL"}[NAME]
PART = {"planner": "a plan", "researcher": "three facts", "writer": "a page"}[NAME]


class Agent(http.server.BaseHTTPRequestHandler):
    def do_GET(self):
        self.answer({"agent": NAME, "status": "ok"})

    def do_POST(self):
        task = json.loads(self.rfile.read(int(self.headers.get("Content-Length") or 0)) or "{}")
        parts = task.setdefault("parts", [])
        if any(p["by"] == NAME for p in parts):  # it has been round
            return self.answer(task)
        parts.append({"by": NAME, "part": PART})
        request = urllib.request.Request(os.environ[NEXT], json.dumps(task).encode(), {"Content-Type": "application/json"})
        with urllib.request.urlopen(request, timeout=50) as reply:
            self.answer(json.load(reply))

    def answer(self, body):
        self.send_response(200)
        self.send_header("Content-Type", "application/json")
        self.end_headers()
        self.wfile.write(json.dumps(body).encode())


signal.signal(signal.SIGTERM, lambda *_: os._exit(0))
http.server.ThreadingHTTPServer(("0.0.0.0", int(os.environ["PORT"])), Agent).serve_forever()
