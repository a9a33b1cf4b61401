"""A plan as a table: of HTML for notebooks, of rich for terminals."""

from __future__ import annotations

import html
from collections.abc import Iterator, Mapping
from typing import TYPE_CHECKING, Any

if TYPE_CHECKING:
    from rich.table import Table

COLUMNS = ("parameter", "shape", "elements", "dtype", "initializer", "written by")

# Sorts the table of a header that is clicked, by numbers where both are, and the other way round at a second click.
SORT = (
    "const h=this,t=h.closest('table').tBodies[0],n=h.cellIndex,d=h.dataset.d=h.dataset.d==='1'?'-1':'1',"
    "v=r=>r.cells[n].dataset.v??r.cells[n].textContent;"
    "[...t.rows].sort((a,b)=>d*v(a).localeCompare(v(b),undefined,{numeric:true})).forEach(r=>t.append(r))"
)


def rows(plan: Mapping[str, Any]) -> Iterator[tuple[str, str, int, str, str, str]]:
    """A row for each parameter of a plan, as :meth:`weight_init.Plan.to_dict` has it."""
    for name, param in plan["params"].items():
        elements = 1
        for dim in param["shape"]:
            elements *= dim
        yield name, str(param["shape"]), elements, str(param["dtype"]), initializer(param), writer(param["by"])


def initializer(param: Mapping[str, Any]) -> str:
    init = param if param["init"] != "untouched" else param.get("default", param)
    arguments = ", ".join(f"{key}={plain(value)}" for key, value in (init.get("args") or {}).items())
    return f"{init['init']}({arguments})" if arguments else str(init["init"])


def plain(value: Any) -> str:
    return f"{value:.6g}" if isinstance(value, float) else str(value)


def writer(by: Mapping[str, Any] | None) -> str:
    if by is None:
        return "no rule"
    parts = [by["module"] or "(model)", f"rule {by['rule']}"]
    parts += [f"{key} {by[key]}" for key in ("override", "params") if by.get(key) is not None]
    return ", ".join(parts)


def html_table(plan: Mapping[str, Any]) -> str:
    """A table that sorts by the column whose header is clicked."""
    head = "".join(f'<th style="cursor:pointer;text-align:left" onclick="{html.escape(SORT)}">{it}</th>' for it in COLUMNS)
    body = []
    for row in rows(plan):
        kept = ' style="opacity:0.6"' if row[-1] == "no rule" else ""
        cells = [f'<td style="text-align:left">{html.escape(str(cell))}</td>' for cell in row]
        cells[2] = f'<td style="text-align:right" data-v="{row[2]}">{row[2]:,}</td>'
        body.append(f"<tr{kept}>{''.join(cells)}</tr>")
    return f"<table><thead><tr>{head}</tr></thead><tbody>{''.join(body)}</tbody></table>"


def rich_table(plan: Mapping[str, Any]) -> Table:
    from rich.table import Table
    from rich.text import Text

    table = Table(box=None, pad_edge=False, header_style="bold")
    for column in COLUMNS:
        table.add_column(column, justify="right" if column == "elements" else "left", overflow="fold")
    for row in rows(plan):
        cells = [Text(f"{cell:,}" if isinstance(cell, int) else cell) for cell in row]
        table.add_row(*cells, style="dim" if row[-1] == "no rule" else "")
    return table
