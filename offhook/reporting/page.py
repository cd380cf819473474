"""A report as one HTML document that needs nothing beside it: for mail, for a browser, for the PDF."""

from __future__ import annotations

import jinja2

from kpi.report import Report
from offhook.reporting.grid import NAMES, about, grid_of, heat_class


def report_html(report: Report, title: str = "") -> str:
    """The document; every text in it is escaped."""
    environment = jinja2.Environment(loader=jinja2.PackageLoader("offhook.reporting"), autoescape=True)
    environment.filters["heat"] = heat_class
    template = environment.get_template("report.html")
    return template.render(
        title=title or usual_title(report), lines=about(report), grid=grid_of(report), columns=report.columns
    )


def usual_title(report: Report) -> str:
    """What the report is by, or the number that a matrix shows."""
    by = " and ".join(NAMES[one].lower() for one in report.by)
    what = report.columns[0].title if len(report.columns) == 1 else "Calls"
    return f"{what} by {by}" if by else what
