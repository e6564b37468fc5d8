"""Certificates for tests, and the files of a server."""

from pathlib import Path

import grpc
import trustme


class Authority:
    """A CA for a server on loopback, and for its callers."""

    def __init__(self) -> None:
        self._authority = trustme.CA()
        self.pem = self._authority.cert_pem.bytes()
        self.server = self._authority.issue_cert("localhost", "127.0.0.1")
        self.caller = self._authority.issue_cert("caller@example.com")

    def write(self, chain: Path, key: Path) -> None:
        """Write the server's certificate and its key."""
        chain.write_bytes(b"".join(part.bytes() for part in self.server.cert_chain_pems))
        self.server.private_key_pem.write_to_path(key)

    def trusted(self) -> grpc.ChannelCredentials:
        """Return credentials of a caller without a certificate."""
        return grpc.ssl_channel_credentials(self.pem)

    def certified(self, server: "Authority | None" = None) -> grpc.ChannelCredentials:
        """Return credentials with a certificate of this CA, for a server of another CA."""
        chain = b"".join(part.bytes() for part in self.caller.cert_chain_pems)
        return grpc.ssl_channel_credentials(
            (server or self).pem, self.caller.private_key_pem.bytes(), chain
        )
