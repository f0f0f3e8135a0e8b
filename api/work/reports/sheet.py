"""What does a report look like as a table? CSV (RFC 4180): the first row of all, then one a part; the columns say which."""

import csv
import io
from typing import Any

from api.work.reports.scope import Report

KEYS = ("area", "kind", "service", "staff", "username", "category", "period", "name")
"""What a row of some list is of; none of these is a figure."""
_FORMULA = ("=", "+", "-", "@", "\t", "\r")


def sheet(report: Report) -> str:
    """Return a report as CSV: its `total`, then the rows of each of its lists."""
    parts = [
        (name, row)
        for name in type(report).model_fields
        if isinstance(rows := getattr(report, name), list)
        for row in rows
    ]
    keys = [key for key in KEYS if key in ("area", "name") or any(key in type(row).model_fields for _, row in parts)]
    out = io.StringIO()
    figures_of_all = [*type(report.total).model_fields, *(key for _, row in parts for key in type(row).model_fields)]
    table = csv.DictWriter(out, list(dict.fromkeys(["part", *keys, *figures_of_all])))
    table.writeheader()
    of_all = {"area": report.area, "name": report.name, **report.total.model_dump()}
    for name, figures in [("total", of_all), *((name, row.model_dump()) for name, row in parts)]:
        table.writerow({"part": name, **{key: _safe(value) for key, value in figures.items()}})
    return out.getvalue()


def _safe(value: Any) -> Any:
    """Return a cell that no spreadsheet takes for a formula: names are written by people."""
    return f"'{value}" if isinstance(value, str) and value.startswith(_FORMULA) else value
