"""A report as one HTML document that needs nothing beside it: for mail, for a browser, for the PDF."""

from __future__ import annotations

import jinja2

from kpi.report import Report
from offhook.reporting.grid import NAMES, about, grid_of

_WARM = (255, 138, 76)  # what the largest number is shaded with


def report_html(report: Report, title: str = "") -> str:
    """The document; every text in it is escaped."""
    environment = jinja2.Environment(loader=jinja2.PackageLoader("offhook.reporting"), autoescape=True)
    environment.filters["shade"] = shade
    template = environment.get_template("report.html")
    return template.render(
        title=title or usual_title(report), lines=about(report), grid=grid_of(report), columns=report.columns
    )


def usual_title(report: Report) -> str:
    """What the report is by, or the number that a matrix shows."""
    by = " and ".join(NAMES[one].lower() for one in report.by)
    what = report.columns[0].title if len(report.columns) == 1 else "Calls"
    return f"{what} by {by}" if by else what


def shade(heat: float) -> str:
    """From white to the warm colour, as CSS.

    >>> shade(0), shade(1), shade(7)
    ('#ffffff', '#ff8a4c', '#ff8a4c')
    """
    part = min(max(heat, 0.0), 1.0)
    return "#" + "".join(f"{round(255 + (end - 255) * part):02x}" for end in _WARM)
