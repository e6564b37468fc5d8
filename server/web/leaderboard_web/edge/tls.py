"""The certificate that the gateway shows to callers, with the settings of TLS."""

import ssl

from leaderboard_server.transport.listener import Tls
from leaderboard_server.transport.tls import TlsFiles, TlsUnusable


class Certificate:
    """The certificate in use; connections keep the one that they began with."""

    def __init__(self, files: TlsFiles) -> None:
        """Read the files.

        Raises:
            TlsUnusable: They can't be used.
        """
        self._files = files
        files.read()
        self.context = _context(files)

    def renew(self, _read: Tls) -> None:
        """Use the files, which have changed and were checked, for new connections.

        Raises:
            TlsUnusable: They have changed once more, and can't be used.
        """
        self.context = _context(self._files)


def _context(files: TlsFiles) -> ssl.SSLContext:
    context = ssl.SSLContext(ssl.PROTOCOL_TLS_SERVER)
    context.minimum_version = ssl.TLSVersion.TLSv1_2
    context.options |= ssl.OP_NO_RENEGOTIATION
    context.set_alpn_protocols(["http/1.1"])
    try:
        context.load_cert_chain(files.chain, files.key, password="")
        if files.client_ca:
            context.load_verify_locations(files.client_ca)
            context.verify_mode = ssl.CERT_REQUIRED
    except OSError as error:
        raise TlsUnusable(f"the TLS files changed while they were read: {error}") from error
    return context
