# syntax=docker/dockerfile:1
# Pinned, so that repeated builds result in the same image. Update it with each release of Python that fixes a
# vulnerability.
ARG BASE=python:3.13.11-slim-trixie

FROM ${BASE} AS build
WORKDIR /srv
COPY requirements.lock requirements-engine.lock ./
RUN python3 -m venv /venv \
    && /venv/bin/pip install --no-cache-dir --disable-pip-version-check --require-hashes -r requirements.lock
# The engine, which computes results, needs 550 MB. `docker build --build-arg ENGINE=off .` omits the engine.
ARG ENGINE=on
RUN if [ "$ENGINE" != off ]; then \
      /venv/bin/pip install --no-cache-dir --disable-pip-version-check --require-hashes --no-deps \
        -r requirements-engine.lock; \
    fi

FROM ${BASE}
ARG ENGINE=on
ENV ENGINE=${ENGINE} \
    PATH=/venv/bin:$PATH \
    PYTHONUNBUFFERED=1 \
    PYTHONDONTWRITEBYTECODE=1 \
    DATA_DIR=/data
RUN useradd --uid 10001 --no-create-home --shell /usr/sbin/nologin dashboards \
    && mkdir /data \
    && chown dashboards /data
WORKDIR /srv
COPY --from=build /venv /venv
COPY manage.py openapi.yaml ./
COPY dashboards_api dashboards_api
COPY users users
COPY engine engine
COPY events events
COPY queries queries
COPY dashboards dashboards
COPY pages pages
USER 10001
VOLUME /data
EXPOSE 8000
HEALTHCHECK --interval=10s --timeout=3s --start-period=30s \
    CMD ["python", "-c", "import urllib.request; urllib.request.urlopen('http://127.0.0.1:8000/readyz', timeout=2)"]
CMD ["python", "manage.py", "serve", "--host", "0.0.0.0"]
