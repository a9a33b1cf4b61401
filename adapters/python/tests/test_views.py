"""Reports in notebooks and terminals, and the line of progress."""

import html.parser
import io
import subprocess
import sys

import pytest

import weight_init
from weight_init import _progress, _views
from weight_init.report import Plan, Report

PLAN = {
    "params": {
        "a.weight": {"init": "normal", "args": {"mean": 0.0, "std": 0.1}, "shape": [40, 3], "dtype": "float32",
                     "by": {"module": "", "rule": 0, "override": None}},
        "b<script>.bias": {"init": "untouched", "args": {}, "shape": [], "dtype": "float32", "by": None, "default": {"init": "kept"}},
        "c.weight": {"init": "constant", "args": {"val": 1.0}, "shape": [2000], "dtype": "float16",
                     "by": {"module": "c&d", "rule": 1, "override": 0, "params": None}},
    },
    "rules": [], "warnings": [],
}


class Engine:
    def to_json(self):
        import json
        return json.dumps(PLAN)

    def table(self, width):
        return "the table"

    def loads(self):
        return []


PLANNED = Plan(None, Engine(), {})
REPORT = Report(PLANNED, 42, ["a.weight", "c.weight"], [], ["b<script>.bias"], 4480, 0.001)


def test_rows():
    assert list(_views.rows(PLAN)) == [
        ("a.weight", "[40, 3]", 120, "float32", "normal(mean=0, std=0.1)", "(model), rule 0"),
        ("b<script>.bias", "[]", 1, "float32", "kept", "no rule"),
        ("c.weight", "[2000]", 2000, "float16", "constant(val=1)", "c&d, rule 1, override 0"),
    ]


class Cells(html.parser.HTMLParser):
    def __init__(self):
        super().__init__()
        self.tags, self.texts, self.handlers = [], [], []

    def handle_starttag(self, tag, attrs):
        self.tags.append(tag)
        self.handlers += [value for key, value in attrs if key == "onclick"]

    def handle_data(self, data):
        self.texts.append(data)


def test_html_is_escaped_and_sorts():
    cells = Cells()
    cells.feed(REPORT._repr_html_())
    assert set(cells.tags) == {"p", "br", "table", "thead", "tbody", "tr", "th", "td"}
    assert "b<script>.bias" in cells.texts and "c&d, rule 1, override 0" in cells.texts and "2,000" in cells.texts
    assert cells.handlers == [_views.SORT] * len(_views.COLUMNS)


def test_the_terminal_with_rich():
    console = pytest.importorskip("rich.console")
    out = io.StringIO()
    console.Console(file=out, width=120).print(REPORT)
    lines = [line.rstrip() for line in out.getvalue().splitlines()]
    assert lines[0].split() == "parameter shape elements dtype initializer written by".split()
    assert lines[3].split() == "c.weight [2000] 2,000 float16 constant(val=1) c&d, rule 1, override 0".split()
    assert lines[4].startswith("seed 42: 2 tensors written")
    console.Console(file=out, width=30).print(PLANNED)


def test_the_terminal_without_rich(monkeypatch, capsys):
    monkeypatch.setitem(sys.modules, "rich.console", None)
    REPORT.show()
    assert capsys.readouterr().out.startswith("the table\nseed 42: 2 tensors written")


def test_progress_shows_itself_where_somebody_looks(monkeypatch, capsys):
    monkeypatch.setattr(_progress, "PATIENCE", 0)
    monkeypatch.setattr(_progress, "PACE", 0)
    with _progress.Progress(4_000_000_000) as progress:
        progress(1_000_000_000)
    assert capsys.readouterr().err == ""
    monkeypatch.setattr(_progress, "is_looked_at", lambda: True)
    with _progress.Progress(4_000_000_000) as progress:
        progress(1_000_000_000)
    shown = capsys.readouterr().err
    assert shown.startswith("\rweight_init: 1.0 of 4.0 GB, 25 %, ") and shown.endswith(" " * 70 + "\r")


def test_reports_need_no_framework():
    code = "import sys, weight_init.report; sys.exit(any(name in sys.modules for name in ('torch', 'numpy', 'rich')))"
    assert subprocess.run([sys.executable, "-c", code], check=False).returncode == 0
    assert weight_init.Report is Report
