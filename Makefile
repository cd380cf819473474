# make demo   try Offhook: no PBX, no database server, no CRM, no root
# make test   install what every test needs (as root, on Debian 12) and run them all
# make install   only .venv/bin/offhook

.PHONY: help install demo test
.DEFAULT_GOAL := help
.NOTPARALLEL:

help:
	@sed -n 's/^# \(make\)/\1/p' Makefile

install:
	@.ci/virtualenv

demo: install
	@.venv/bin/offhook demo

test:
	@.ci/system-packages
	@.ci/virtualenv test
	@.venv/bin/python tests/pbx/lab/chroot.py
	.venv/bin/ruff check .
	.venv/bin/mypy
	@.ci/tests
