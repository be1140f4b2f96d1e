# A servo in one image: the agent, and the two drivers for a batch job. Nothing is downloaded but the base image.
ARG PYTHON_IMAGE=python:3.13.5-slim-bookworm

FROM ${PYTHON_IMAGE} AS build
WORKDIR /build
COPY build.py README.md ./
COPY src ./src
# Both stages have the same Python, so its bytecode is what runs.
RUN ["python3", "build.py", "--bytecode", "-o", "servo-batch.pyz"]

FROM ${PYTHON_IMAGE}
WORKDIR /servo
COPY --from=build /build/servo-batch.pyz ./
RUN for name in adjust measure servo; do ln -s servo-batch.pyz "$name"; done
# Cancels a running job, tells the service, and ends.
STOPSIGNAL SIGTERM
ENTRYPOINT ["/servo/servo"]
