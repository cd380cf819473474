# Offhook with what PostgreSQL and the PBX's databases need. Build: docker build -t offhook .
FROM python:3.13-slim

RUN useradd --system --uid 8088 --home-dir /var/lib/offhook --create-home offhook
WORKDIR /opt/offhook
COPY pyproject.toml README.md LICENSE ./
COPY cti cti
COPY crm_bridge crm_bridge
COPY kpi kpi
COPY offhook offhook
RUN pip install --no-cache-dir '.[mysql,postgresql]'

USER offhook
WORKDIR /var/lib/offhook
VOLUME /var/lib/offhook
EXPOSE 8088
HEALTHCHECK --interval=30s --timeout=5s --start-period=20s \
    CMD ["python", "-c", "import urllib.request; urllib.request.urlopen('http://127.0.0.1:8088/healthz', timeout=4)"]
ENTRYPOINT ["offhook"]
CMD ["run", "-c", "/etc/offhook/offhook.toml"]
