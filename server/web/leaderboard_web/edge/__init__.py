"""The edge of the gateway: connections, limits, origins, tokens, TLS, its log and metrics."""
