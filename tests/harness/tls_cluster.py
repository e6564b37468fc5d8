"""Runs a cluster whose nodes accept TLS alone, and announce a host name."""

from pathlib import Path

import trustme

from harness.cluster import ClusterNodeProcess, ClusterStores
from harness.stores import Flavour

HOST = "localhost"
"""The announced name, the only one in the certificate of the nodes."""


class _TlsNodeProcess(ClusterNodeProcess):
    def __init__(self, folder: Path, certificates: Path) -> None:
        super().__init__(
            Flavour.REDIS,
            folder,
            cluster_announce_hostname=HOST,
            tls_cluster="yes",
            tls_replication="yes",
            tls_auth_clients="no",
            tls_cert_file=str(certificates / "cert.pem"),
            tls_key_file=str(certificates / "key.pem"),
            tls_ca_cert_file=str(certificates / "ca.pem"),
        )
        self._more_settings |= {"port": "0", "tls_port": str(self.port)}
        self._ca = certificates / "ca.pem"

    @property
    def url(self) -> str:
        return f"rediss://{HOST}:{self.port}/0?ssl_ca_certs={self._ca}"


class TlsClusterStores(ClusterStores):
    """
    A cluster of Redis over TLS; the wheel with Valkey has none.

    Attributes:
        ca: The file with the certificate of the CA.
    """

    def __init__(self, folder: Path) -> None:
        folder.mkdir(parents=True, exist_ok=True)
        self.ca = folder / "ca.pem"
        authority = trustme.CA()
        certificate = authority.issue_cert(HOST)
        authority.cert_pem.write_to_path(self.ca)
        certificate.cert_chain_pems[0].write_to_path(folder / "cert.pem")
        certificate.private_key_pem.write_to_path(folder / "key.pem")
        super().__init__(Flavour.REDIS, folder)

    @property
    def seeds(self) -> str:
        """The first nodes, as in a URL."""
        return ",".join(f"{HOST}:{node.port}" for node in self.nodes[:2])

    @property
    def url(self) -> str:
        """The URL of the cluster, as the service takes it."""
        return f"rediss+cluster://{self.seeds}?ssl_ca_certs={self.ca}"

    def _new_node(self, number: int) -> ClusterNodeProcess:
        return _TlsNodeProcess(self._folder / f"node-{number}", self._folder)
