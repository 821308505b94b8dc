"""A server of the Model Context Protocol with one tool, over Streamable HTTP and without sessions."""

import datetime, http.server, json, os, signal, sys

TOOL = {"name": "now", "description": "The time in UTC.", "inputSchema": {"type": "object", "properties": {}}}


def answer(method):
    if method == "initialize":
        return {"protocolVersion": "2025-03-26", "capabilities": {"tools": {}}, "serverInfo": {"name": "toolbox", "version": "1"}}
    if method == "tools/list":
        return {"tools": [TOOL]}
    if method == "tools/call":
        return {"content": [{"type": "text", "text": datetime.datetime.now(datetime.UTC).isoformat()}]}
    return {}


class MCP(http.server.BaseHTTPRequestHandler):
    def reply(self, code, body=None):
        data = json.dumps(body).encode() if body else b""
        self.send_response(code)
        self.send_header("Content-Type", "application/json")
        self.send_header("Content-Length", str(len(data)))
        self.end_headers()
        self.wfile.write(data)

    def do_GET(self):  # what the health check gets: there is no stream to listen to
        self.reply(406 if self.path == "/mcp" else 404)

    def do_POST(self):
        call = json.loads(self.rfile.read(int(self.headers["Content-Length"])))
        if "id" not in call:  # a notification
            return self.reply(202)
        self.reply(200, {"jsonrpc": "2.0", "id": call["id"], "result": answer(call["method"])})


signal.signal(signal.SIGTERM, lambda *_: sys.exit())
http.server.ThreadingHTTPServer(("0.0.0.0", int(os.environ["PORT"])), MCP).serve_forever()
