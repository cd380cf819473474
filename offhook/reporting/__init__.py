"""A report as people take it away: in the terminal, as CSV, JSON, a spreadsheet, HTML for mail, PDF."""
