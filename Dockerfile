# A servo in one image: the agent, and the two drivers for a batch job. Nothing is downloaded but the base image.
ARG PYTHON_IMAGE=python:3.13.0-slim-bookworm

FROM ${PYTHON_IMAGE} AS build
WORKDIR /build
COPY build.py ./
COPY src ./src
RUN ["python3", "build.py", "-o", "servo-batch.pyz"]

FROM ${PYTHON_IMAGE}
WORKDIR /servo
COPY --from=build /build/servo-batch.pyz ./
RUN ["ln", "-s", "servo-batch.pyz", "adjust"]
RUN ["ln", "-s", "servo-batch.pyz", "measure"]
RUN ["ln", "-s", "servo-batch.pyz", "servo"]
# Cancels a running job, tells the service, and ends.
STOPSIGNAL SIGTERM
ENTRYPOINT ["/servo/servo"]
