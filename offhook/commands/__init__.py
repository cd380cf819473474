"""The commands of ``offhook``, found by name: each module here has a Typer ``app`` whose commands are offered."""
