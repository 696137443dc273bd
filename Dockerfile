# The portal as an image: docs/install.md. It keeps to what the classic builder takes as well as BuildKit.

# The Python that the tests run on.
ARG PYTHON_IMAGE=python:3.11-slim-bookworm

FROM ${PYTHON_IMAGE} AS build
# Another index, where this is built behind one; pip reads it itself. Nothing of it is left in the image.
ARG PIP_INDEX_URL
ENV PIP_NO_CACHE_DIR=1 PIP_DISABLE_PIP_VERSION_CHECK=1 PIP_ROOT_USER_ACTION=ignore
WORKDIR /srv/k8sportal
RUN python -m venv --without-pip /opt/venv
COPY requirements.txt ./
# Only wheels, each by its hash: nothing is compiled, so no compiler is needed.
# Babel compiles the translations; of its thousand languages it needs those alone, for their plurals.
RUN pip --python /opt/venv/bin/python install --no-compile --require-hashes --only-binary :all: -r requirements.txt \
 && find /opt/venv -path '*/babel/locale-data/*.dat' ! -name root.dat ! -name en.dat ! -name zh.dat ! -name zh_Hans.dat -delete
COPY manage.py ./
COPY k8sportal k8sportal
COPY pods pods
COPY democluster democluster
COPY templates templates
COPY locale locale
COPY static static
ENV PATH=/opt/venv/bin:$PATH
# Hashed static files, and with them the translations; and bytecode of what the portal imports, since nothing can be written later. That of
# the rest of the libraries would be a hundred megabytes. The key signs nothing and is kept nowhere.
RUN DJANGO_SECRET_KEY=only-to-collect-static-files PORTAL_DATA_DIR=/tmp/build python manage.py collectstatic --noinput --verbosity 0 \
 && DJANGO_SECRET_KEY=only-to-write-bytecode PORTAL_DATA_DIR=/tmp/build \
    python -c 'import k8sportal.asgi, k8sportal.serve_daphne, k8sportal.serve_uvicorn, psycopg, channels_redis.pubsub, democluster.__main__' \
 && rm -rf /tmp/build \
 && python -m compileall -q k8sportal pods democluster

FROM ${PYTHON_IMAGE}
# Whoever it runs as in a Kubernetes that asks for a number can see it here.
RUN useradd --uid 10001 --user-group --create-home --home-dir /home/portal --shell /usr/sbin/nologin portal \
 && install -d -o portal -g portal -m 0700 /var/lib/k8sportal \
 && install -d -o portal -g portal -m 0711 /run/k8sportal
COPY --from=build /opt/venv /opt/venv
COPY --from=build /srv/k8sportal /srv/k8sportal
WORKDIR /srv/k8sportal
ENV PATH=/opt/venv/bin:$PATH \
    PYTHONDONTWRITEBYTECODE=1 \
    PYTHONUNBUFFERED=1 \
    HOME=/home/portal \
    HOST=0.0.0.0 \
    PORT=8000 \
    PORTAL_DATA_DIR=/var/lib/k8sportal
USER 10001:10001
EXPOSE 8000
LABEL org.opencontainers.image.title="k8sportal" org.opencontainers.image.version="0.5.0"
HEALTHCHECK --interval=5s --timeout=5s --start-period=120s --retries=3 CMD ["python", "-m", "k8sportal.healthcheck"]
# Without a shell between: SIGTERM reaches the server, which sends its viewers away and ends within 10 s.
STOPSIGNAL SIGTERM
CMD ["python", "-m", "k8sportal.serve"]
