"""Checks the encryption: TLS or none, and how long the server's certificate is valid."""

import socket
import ssl
import time
from functools import partial

from leaderboard_cli.doctor.results import CheckResult, Verdict
from leaderboard_cli.target import Target

_SOON_DAYS = 14.0
_DAY = 86_400.0

_result = partial(CheckResult, "encryption")


def check_encryption(target: Target) -> CheckResult:
    """Check whether the server speaks TLS, by a handshake on a connection of its own."""
    try:
        plain = socket.create_connection((target.host, target.port), timeout=target.timeout)
    except OSError as error:
        return _result(Verdict.UNKNOWN, f"can't be checked: {error.strerror or error}")
    try:
        with plain:
            return _check_plain(target, plain) if target.tls is None else _check_tls(target, plain)
    except TimeoutError:
        found = f"unknown: a handshake was not answered within {target.timeout:g} s"
        return _result(Verdict.UNKNOWN, found, "check which program listens at that address")


def _check_plain(target: Target, plain: socket.socket) -> CheckResult:
    context = ssl.SSLContext(ssl.PROTOCOL_TLS_CLIENT)
    context.check_hostname = False
    context.verify_mode = ssl.CERT_NONE
    try:
        _shake_hands(target, plain, context)
    except TimeoutError:
        raise
    except OSError:
        if target.is_loopback:
            return _result(Verdict.OK, "none, on this machine")
        found = "none: everyone on the network path can read and change the traffic"
        to_do = "serve with --tls-cert and --tls-key, or use a private network"
        return _result(Verdict.WARN, found, to_do)
    to_do = "call with --tls, and with --ca FILE if the server's CA is your own"
    return _result(Verdict.FAIL, "the server speaks TLS, the calls don't", to_do)


def _check_tls(target: Target, plain: socket.socket) -> CheckResult:
    given = target.tls.authorities if target.tls else None
    try:
        context = ssl.create_default_context(cadata=given.decode("ascii") if given else None)
        version, ends = _shake_hands(target, plain, context)
    except ssl.SSLCertVerificationError as error:
        found = f"the certificate is not trusted: {error.verify_message}"
        to_do = "name its CA with --ca FILE, and call the server by a name in its certificate"
        return _result(Verdict.FAIL, found, to_do)
    except TimeoutError:
        raise
    except OSError as error:
        return _no_handshake(getattr(error, "reason", None) or str(error))
    days = (ends - time.time()) / _DAY
    numbers = {"certificate_days": round(days, 1)}
    found = f"{version}, the certificate lasts for {days:,.0f} days"
    if days < _SOON_DAYS:
        to_do = "renew the certificate: the server takes a new one without a restart"
        return _result(Verdict.WARN, found, to_do, numbers)
    return _result(Verdict.OK, found, numbers=numbers)


def _no_handshake(why: str) -> CheckResult:
    if "ALERT" in why:  # an alert is TLS
        return _result(
            Verdict.FAIL, f"the server rejected the handshake: {why}", "see --cert and --key"
        )
    to_do = "call without --tls, or serve with --tls-cert and --tls-key"
    return _result(Verdict.FAIL, f"no TLS: {why}", to_do)


def _shake_hands(
    target: Target, plain: socket.socket, context: ssl.SSLContext
) -> tuple[str, float]:
    """Return the TLS version, and when the certificate expires, 0 if it was not verified."""
    context.set_alpn_protocols(["h2"])
    with context.wrap_socket(plain, server_hostname=target.host) as connection:
        certificate = connection.getpeercert() or {}
        ends = certificate.get("notAfter")
        return connection.version() or "", ssl.cert_time_to_seconds(str(ends)) if ends else 0.0
