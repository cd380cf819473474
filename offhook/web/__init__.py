"""The web pages: the shell, and a file for each page."""
