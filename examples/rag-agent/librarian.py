"""Remembers notes, and answers questions from the ones that fit: full-text search in SQLite, then a model of Bedrock."""

import http.server, json, os, re, signal, sqlite3, sys

import boto3

MEMORY = os.environ.get("MEMORY", "/data/notes.db")
bedrock = boto3.client("bedrock-runtime")


def notes():
    db = sqlite3.connect(MEMORY, timeout=30)  # two tasks for a moment while one is deployed
    db.execute("CREATE VIRTUAL TABLE IF NOT EXISTS notes USING fts5(text)")
    return db


def remember(text):
    with notes() as db:
        db.execute("INSERT INTO notes VALUES (?)", (text,))
        return db.execute("SELECT count(*) FROM notes").fetchone()[0]


def recall(question):
    words = " OR ".join(f'"{w}"' for w in re.findall(r"\w+", question)) or '""'
    return [row[0] for row in notes().execute("SELECT text FROM notes WHERE notes MATCH ? ORDER BY rank LIMIT 5", (words,))]


def answer(question):
    found = recall(question)
    prompt = "Answer from these notes alone.\n\n" + "\n".join("- " + n for n in found) + "\n\nQuestion: " + question
    reply = bedrock.converse(modelId=os.environ["MODEL"], messages=[{"role": "user", "content": [{"text": prompt}]}])
    return {"answer": reply["output"]["message"]["content"][0]["text"], "from": found}


class Librarian(http.server.BaseHTTPRequestHandler):
    def reply(self, code, body):
        data = json.dumps(body).encode()
        self.send_response(code)
        self.send_header("Content-Type", "application/json")
        self.send_header("Content-Length", str(len(data)))
        self.end_headers()
        self.wfile.write(data)

    def do_GET(self):
        self.reply(200 if self.path == "/health" else 404, {})

    def do_POST(self):
        said = json.loads(self.rfile.read(int(self.headers["Content-Length"])))
        if self.path == "/notes":
            self.reply(200, {"notes": remember(said["text"])})
        elif self.path == "/ask":
            self.reply(200, answer(said["question"]))
        else:
            self.reply(404, {})


signal.signal(signal.SIGTERM, lambda *_: sys.exit())
http.server.ThreadingHTTPServer(("0.0.0.0", int(os.environ["PORT"])), Librarian).serve_forever()
