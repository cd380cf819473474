"""Dashboards and alert rules for Grafana and Prometheus, made by code: ``python -m kpi.grafana.make``."""
