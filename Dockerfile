# One image for all roles: docker run IMAGE web, worker, updater, serve (the default: everything in one process).
FROM python:3.11-slim-bookworm AS build
WORKDIR /src
COPY requirements.txt requirements-build.txt ./
RUN python -m venv /opt/evantr && \
    /opt/evantr/bin/pip install --no-cache-dir --require-hashes -r requirements.txt -r requirements-build.txt
COPY pyproject.toml README.md evantr.py ./
COPY reader ./reader
COPY workers ./workers
COPY api ./api
COPY web ./web
RUN /opt/evantr/bin/pip install --no-cache-dir --no-deps --no-build-isolation .

FROM python:3.11-slim-bookworm
RUN useradd --system --uid 10001 --home-dir /data --create-home evantr
COPY --from=build /opt/evantr /opt/evantr
ENV PATH=/opt/evantr/bin:$PATH PYTHONDONTWRITEBYTECODE=1 PYTHONUNBUFFERED=1 \
    EVANTR_HOST=0.0.0.0 EVANTR_PORT=8000 EVANTR_DATA=/data EVANTR_LOG_FORMAT=json
USER 10001
WORKDIR /data
VOLUME /data
EXPOSE 8000
HEALTHCHECK --interval=10s --timeout=5s --start-period=30s \
    CMD ["python", "-c", "import urllib.request as u; u.urlopen('http://127.0.0.1:8000/readyz', timeout=4)"]
STOPSIGNAL SIGTERM
ENTRYPOINT ["evantr"]
CMD ["serve"]
