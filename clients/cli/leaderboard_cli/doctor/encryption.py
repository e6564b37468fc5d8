"""Checks how the server speaks: in the clear or with TLS, and how long its certificate lasts."""

import socket
import ssl
import time

from leaderboard_cli.doctor.results import CheckResult, Verdict
from leaderboard_cli.target import Target

_NAME = "encryption"
_SOON_DAYS = 14.0
_DAY = 86_400.0


def check_encryption(target: Target) -> CheckResult:
    """Look whether the server speaks TLS, beside the calls, which are made as the options say."""
    try:
        plain = socket.create_connection((target.host, target.port), timeout=target.timeout)
    except OSError as error:
        return CheckResult(_NAME, Verdict.UNKNOWN, f"can't be looked at: {error.strerror or error}")
    with plain:
        return _in_the_clear(target, plain) if target.tls is None else _with_tls(target, plain)


def _in_the_clear(target: Target, plain: socket.socket) -> CheckResult:
    context = ssl.SSLContext(ssl.PROTOCOL_TLS_CLIENT)
    context.check_hostname = False
    context.verify_mode = ssl.CERT_NONE
    try:
        _shake_hands(target, plain, context)
    except TimeoutError:
        return _silent(target)
    except OSError:
        if target.is_loopback:
            return CheckResult(_NAME, Verdict.OK, "none, on this machine")
        found = "none: everyone on the way can read and change what is said"
        do = "serve with --tls-cert and --tls-key, or keep to a network of its own"
        return CheckResult(_NAME, Verdict.WARN, found, do)
    do = "call with --tls, and with --ca FILE where its authority is your own"
    return CheckResult(_NAME, Verdict.FAIL, "the server speaks TLS, the calls don't", do)


def _with_tls(target: Target, plain: socket.socket) -> CheckResult:
    given = target.tls.authorities if target.tls else None
    try:
        context = ssl.create_default_context(cadata=given.decode("ascii") if given else None)
        version, ends = _shake_hands(target, plain, context)
    except ssl.SSLCertVerificationError as error:
        found = f"the certificate is not trusted: {error.verify_message}"
        do = "name its authority with --ca FILE, and the server as its certificate does"
        return CheckResult(_NAME, Verdict.FAIL, found, do)
    except TimeoutError:
        return _silent(target)
    except OSError as error:
        return _no_handshake(getattr(error, "reason", None) or str(error))
    days = (ends - time.time()) / _DAY
    numbers = {"certificate_days": round(days, 1)}
    found = f"{version}, the certificate lasts for {days:,.0f} days"
    if days < _SOON_DAYS:
        do = "renew the certificate: the server takes a new one without a restart"
        return CheckResult(_NAME, Verdict.WARN, found, do, numbers)
    return CheckResult(_NAME, Verdict.OK, found, numbers=numbers)


def _silent(target: Target) -> CheckResult:
    found = f"can't be told: a handshake was not answered within {target.timeout:g} s"
    return CheckResult(_NAME, Verdict.UNKNOWN, found, "look what listens at that address")


def _no_handshake(why: str) -> CheckResult:
    if "ALERT" in why:  # so it speaks TLS
        found, do = f"the server refused the handshake: {why}", "see --cert and --key"
    else:
        found, do = f"no TLS: {why}", "call without --tls, or serve with --tls-cert and --tls-key"
    return CheckResult(_NAME, Verdict.FAIL, found, do)


def _shake_hands(
    target: Target, plain: socket.socket, context: ssl.SSLContext
) -> tuple[str, float]:
    """Return the version of TLS, and when the certificate ends, 0 if it was not looked at."""
    context.set_alpn_protocols(["h2"])
    with context.wrap_socket(plain, server_hostname=target.host) as connection:
        certificate = connection.getpeercert() or {}
        ends = certificate.get("notAfter")
        return connection.version() or "", ssl.cert_time_to_seconds(str(ends)) if ends else 0.0
