"""Reads a feed and posts its headlines of the last day to a webhook. Exit code 1 is a failed run."""

import email.utils
import json
import os
import sys
import time
import urllib.request
import xml.etree.ElementTree as xml

DAY = 24 * 60 * 60


def headlines(feed: bytes, since: float) -> list[str]:
    lines = []
    for item in xml.fromstring(feed).iter("item"):
        at = email.utils.parsedate_to_datetime(item.findtext("pubDate")).timestamp()
        if at >= since:
            lines.append(f"- {item.findtext('title')} {item.findtext('link')}")
    return lines


def main() -> None:
    with urllib.request.urlopen(os.environ["FEED"], timeout=30) as answer:
        lines = headlines(answer.read(), time.time() - DAY)
    print(json.dumps({"message": "read the feed", "headlines": len(lines)}), flush=True)
    if not lines:
        return
    body = json.dumps({"text": "\n".join(["Since yesterday:", *lines])}).encode()
    post = urllib.request.Request(os.environ["WEBHOOK_URL"], body, {"Content-Type": "application/json"})
    with urllib.request.urlopen(post, timeout=30) as answer:
        print(json.dumps({"message": "posted", "status": answer.status}), flush=True)


if __name__ == "__main__":
    try:
        main()
    except (OSError, xml.ParseError) as error:
        print(json.dumps({"level": "error", "message": str(error)}), flush=True)
        sys.exit(1)
