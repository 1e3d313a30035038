# syntax=docker/dockerfile:1
# Two stages from one base, so that the virtual environment moves as it is. Every RUN is in exec form: no shell, no
# surprises of quoting. The code is run from where it is copied, beside policies/, migrations/ and seed/.

FROM python:3.11-slim AS build
RUN ["python", "-m", "venv", "/opt/venv"]
COPY requirements.lock /tmp/requirements.lock
RUN ["/opt/venv/bin/python", "-m", "pip", "install", "--no-cache-dir", "--disable-pip-version-check", "--require-hashes", "--requirement", "/tmp/requirements.lock"]
COPY gateway /opt/credit-gateway/gateway
RUN ["/opt/venv/bin/python", "-m", "compileall", "-q", "/opt/credit-gateway/gateway"]

FROM python:3.11-slim
RUN ["useradd", "--uid", "10001", "--user-group", "--no-create-home", "--home-dir", "/var/lib/gateway", "--shell", "/usr/sbin/nologin", "gateway"]
RUN ["install", "--directory", "--owner", "gateway", "--group", "gateway", "--mode", "0700", "/var/lib/gateway"]
COPY --from=build /opt/venv /opt/venv
COPY --from=build /opt/credit-gateway /opt/credit-gateway
COPY LICENSE README.md /opt/credit-gateway/
COPY policies /opt/credit-gateway/policies
COPY migrations /opt/credit-gateway/migrations
COPY seed /opt/credit-gateway/seed

ENV PATH=/opt/venv/bin:/usr/local/bin:/usr/bin:/bin \
    PYTHONPATH=/opt/credit-gateway \
    PYTHONDONTWRITEBYTECODE=1 \
    PYTHONUNBUFFERED=1 \
    GATEWAY_HOME=/var/lib/gateway \
    GATEWAY_HOST=0.0.0.0 \
    GATEWAY_PORT=8000

# The only place that is written to; everything else may be mounted read-only (with a tmpfs on /tmp).
VOLUME ["/var/lib/gateway"]
WORKDIR /var/lib/gateway
USER 10001:10001
EXPOSE 8000
STOPSIGNAL SIGTERM
HEALTHCHECK --interval=15s --timeout=3s --start-period=30s --retries=3 \
    CMD ["python", "-c", "import os, urllib.request; urllib.request.urlopen(f'http://127.0.0.1:{os.environ[\"GATEWAY_PORT\"]}/livez', timeout=2)"]
ENTRYPOINT ["python", "-m", "gateway.cli"]
CMD ["serve"]
