# Images of AI Buddy: one target for each program, `gateway`, `auth-service`, `chat-service`, and `ai-buddy`
# for all of them in one. Each holds its program, the shared libraries it needs, and nothing else: no shell,
# no package manager, no user but one without rights. Any engine builds it, with BuildKit or without.

ARG RUST_IMAGE=rust:1.95-bookworm

# Manifests and empty programs: as long as they do not change, what they need stays compiled.
FROM ${RUST_IMAGE} AS skeleton
COPY . /source
RUN sh /source/deploy/image/skeleton /source /skeleton

FROM ${RUST_IMAGE} AS build
WORKDIR /build
ENV CARGO_INCREMENTAL=0 CARGO_TERM_COLOR=never
COPY --from=skeleton /skeleton .
RUN cargo build --release --locked -p gateway -p auth-service -p chat-service -p standalone
COPY . .
# What the programs say they were built from.
ARG REVISION=unknown
# Cargo goes by the age of files, and all of these may be older than what was compiled a moment ago.
RUN find . -path ./target -prune -o -type f -exec touch {} + \
    && BUILD_COMMIT="$REVISION" cargo build --release --locked -p gateway -p auth-service -p chat-service -p standalone
RUN export PATH="$PWD/deploy/image:$PATH" \
    && rootfs gateway /rootfs/gateway identity \
    && rootfs auth-service /rootfs/auth-service identity keys data \
        prepared prepared/authority prepared/auth-service prepared/chat-service prepared/gateway \
        prepared/passwords prepared/passwords/auth prepared/passwords/chat prepared/passwords/postgres \
    && rootfs chat-service /rootfs/chat-service identity data \
    && rootfs ai-buddy /rootfs/ai-buddy data

# What all of them are alike in.
FROM scratch AS program
ARG VERSION=0.1.0
ARG REVISION=unknown
LABEL org.opencontainers.image.version="${VERSION}" \
    org.opencontainers.image.revision="${REVISION}" \
    org.opencontainers.image.licenses="MIT OR Apache-2.0" \
    org.opencontainers.image.vendor="AI Buddy"
ENV LOG_FORMAT=json
STOPSIGNAL SIGTERM

FROM program AS gateway
LABEL org.opencontainers.image.title="gateway" \
    org.opencontainers.image.description="The JSON API of AI Buddy"
COPY --from=build /rootfs/gateway/root/ /
COPY --from=build --chown=65532:65532 /rootfs/gateway/owned/ /
ENV GATEWAY_LISTEN=0.0.0.0:8000 GATEWAY_TLS_DIR=/identity
USER 65532:65532
EXPOSE 8000
HEALTHCHECK --interval=2s --timeout=3s --start-period=30s --retries=3 CMD ["/gateway", "healthcheck"]
ENTRYPOINT ["/gateway"]

FROM program AS auth-service
LABEL org.opencontainers.image.title="auth-service" \
    org.opencontainers.image.description="Accounts and tokens of AI Buddy"
COPY --from=build /rootfs/auth-service/root/ /
COPY --from=build --chown=65532:65532 /rootfs/auth-service/owned/ /
ENV AUTH_LISTEN=0.0.0.0:50051 AUTH_TLS_DIR=/identity AUTH_KEYS_DIR=/keys
USER 65532:65532
EXPOSE 50051
HEALTHCHECK --interval=2s --timeout=3s --start-period=30s --retries=3 CMD ["/auth-service", "healthcheck"]
ENTRYPOINT ["/auth-service"]

FROM program AS chat-service
LABEL org.opencontainers.image.title="chat-service" \
    org.opencontainers.image.description="Conversations of AI Buddy"
COPY --from=build /rootfs/chat-service/root/ /
COPY --from=build --chown=65532:65532 /rootfs/chat-service/owned/ /
ENV CHAT_LISTEN=0.0.0.0:50052 CHAT_TLS_DIR=/identity
USER 65532:65532
EXPOSE 50052
HEALTHCHECK --interval=2s --timeout=3s --start-period=30s --retries=3 CMD ["/chat-service", "healthcheck"]
ENTRYPOINT ["/chat-service"]

# The last one is what is built unless a target is named.
FROM program AS ai-buddy
LABEL org.opencontainers.image.title="ai-buddy" \
    org.opencontainers.image.description="AI Buddy, all services in one process, on SQLite"
COPY --from=build /rootfs/ai-buddy/root/ /
COPY --from=build --chown=65532:65532 /rootfs/ai-buddy/owned/ /
ENV AI_BUDDY_LISTEN=0.0.0.0:8000 AI_BUDDY_DATA=/data SQLITE_TMPDIR=/data
USER 65532:65532
EXPOSE 8000
VOLUME /data
HEALTHCHECK --interval=2s --timeout=3s --start-period=30s --retries=3 CMD ["/ai-buddy", "healthcheck"]
ENTRYPOINT ["/ai-buddy"]
