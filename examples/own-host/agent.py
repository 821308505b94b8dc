"""A chat page, and the API that streams its answers word by word; which of the two it is, its name says."""

import http.server, os, signal, time, urllib.parse

PAGE = """<!doctype html><title>chat</title><input id=q autofocus><pre id=a></pre><script>
q.onchange = () => { a.textContent = ""; const s = new EventSource("/api/answer?q=" + encodeURIComponent(q.value))
  s.onmessage = m => a.textContent += m.data + " "; s.onerror = () => s.close() }
</script>"""


class Agent(http.server.BaseHTTPRequestHandler):
    def do_GET(self):
        url = urllib.parse.urlsplit(self.path)
        if os.environ["AGENT_NAME"] == "page":
            self.begin("text/html")
            self.wfile.write(PAGE.encode())
        elif url.path == "/api/answer":
            self.begin("text/event-stream")
            for word in ["You", "asked:"] + urllib.parse.parse_qs(url.query).get("q", [""])[0].split():
                self.wfile.write(f"data: {word}\n\n".encode())
                self.wfile.flush()
                time.sleep(0.2)
        else:
            self.begin("text/plain")
            self.wfile.write(b"ok\n")

    def begin(self, kind):
        self.send_response(200)
        self.send_header("Content-Type", kind)
        self.end_headers()


signal.signal(signal.SIGTERM, lambda *_: os._exit(0))
http.server.ThreadingHTTPServer(("0.0.0.0", int(os.environ["PORT"])), Agent).serve_forever()
