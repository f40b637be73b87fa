# The program `tenants` in an image of its own.
#
#     docker build -t tenants .
#     docker run --rm -e DATABASE_URL -v "$PWD:/project:ro" tenants migrate --check
#
# To have the migrations in an image, build one on top of it:
#
#     FROM tenants
#     COPY migrations /project/migrations
#     COPY tenants.toml /project/

FROM rust:1.95-slim-bookworm AS build
WORKDIR /src
COPY . .
# A report of a problem names the commit: `tenants version --verbose`.
ARG TENANTS_COMMIT=""
# The slim image has a C compiler and linker. Without the feature `local-postgres`, the
# program starts no server of its own, which a container has no use for.
RUN --mount=type=cache,target=/usr/local/cargo/registry \
    --mount=type=cache,target=/src/target \
    TENANTS_COMMIT="$TENANTS_COMMIT" \
    cargo install --locked --no-default-features --path crates/diesel-tenants --root /out

FROM debian:bookworm-slim
# For `sslmode=verify-full` with a public authority.
RUN apt-get update \
    && apt-get install -y --no-install-recommends ca-certificates \
    && rm -rf /var/lib/apt/lists/* \
    && useradd --uid 10001 --no-create-home --shell /usr/sbin/nologin tenants
COPY --from=build /out/bin/tenants /usr/local/bin/tenants
USER 10001:10001
WORKDIR /project
ENTRYPOINT ["tenants"]
CMD ["--help"]
