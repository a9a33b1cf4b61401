"""Preprocessor of mdBook: links from a page to files outside of docs/ become addresses of the repository."""

import json
import re
import sys

ADDRESS = "https://github.com/weight-init/weight-init/blob/main/"


def rewrite(items):
    for item in items:
        chapter = item.get("Chapter") if isinstance(item, dict) else None
        if chapter:
            chapter["content"] = re.sub(r"\]\(\.\./", "](" + ADDRESS, chapter["content"])
            rewrite(chapter["sub_items"])


if sys.argv[1:2] == ["supports"]:
    sys.exit(sys.argv[2] != "html")
_, book = json.load(sys.stdin)
rewrite(book.get("items", book.get("sections", [])))
json.dump(book, sys.stdout)
