"""The checks of requests and handshakes, and the headers of all responses."""

import asyncio
import base64

import orjson
import pytest

from harness.http import exchange, parsed
from leaderboard_web.edge.addresses import address_key
from leaderboard_web.edge.rate import MAX_ADDRESSES, RateLimit
from web.boards import PROBLEM
from web.edges import DATA, HANDSHAKE, PAGE, WATCH, edge, request

SITE = "https://site.example"
TOKEN = "correct+horse/1~"


@pytest.mark.parametrize(
    ("method", "target", "headers", "status"),
    [
        ("GET", DATA, {}, 200),
        ("GET", "/nowhere", {}, 404),
        ("OPTIONS", DATA, {}, 204),
        ("POST", DATA, {}, 405),
        ("DELETE", DATA, {}, 405),
        ("TRACE", DATA, {}, 405),
        ("CONNECT", "other.example:443", {}, 400),
        ("BREW", DATA, {}, 405),
        ("POST", DATA, {"Content_Length": "1000000"}, 405),
        ("GET", DATA, {"Content_Length": "5"}, 413),
        ("GET", DATA, {"Content_Length": "0"}, 200),
        ("GET", DATA, {"Transfer_Encoding": "chunked"}, 413),
        ("GET", DATA, {"Transfer_Encoding": "gzip"}, 501),
        ("GET", f"http://other.example{DATA}", {}, 400),
        ("OPTIONS", "*", {}, 400),
        ("GET", f"{DATA}?{'q' * 17_000}", {}, 414),
        ("GET", f"{DATA}?{'q' * 40_000}", {}, 414),
        ("GET", DATA, {"Cookie": "c" * 40_000}, 431),
        ("GET", DATA, {"Host": "a\x00b"}, 400),
        ("GET", DATA, {"Expect": "100-continue"}, 200),
    ],
)
async def test_requests_are_read_only_and_small(
    method: str, target: str, headers: dict[str, str], status: int
) -> None:
    """Each method, target, body and header gets its status, problems as such, with a good end."""
    async with edge() as running:
        response = await running.get(target, method, **headers)
        assert response.status == status, response
        if status >= 400:
            assert response.headers["content-type"] == PROBLEM
            assert orjson.loads(response.body)["status"] == status
        if status == 405:
            assert response.headers["allow"] == "GET, HEAD, OPTIONS"
        assert response.headers["x-content-type-options"] == "nosniff"
        assert "server" not in response.headers


async def test_a_head_has_no_body() -> None:
    """HEAD is answered as GET, without the body."""
    async with edge() as running:
        answer = await exchange(running.address, request(DATA, "HEAD"))
        assert answer.startswith(b"HTTP/1.1 200 OK\r\n")
        assert b"\r\ncontent-length: 14\r\n" in answer
        assert answer.endswith(b"\r\n\r\n")


async def test_a_body_is_not_read() -> None:
    """The answer to an endless body comes at once, and the connection ends."""
    async with edge() as running:
        head = request(DATA, "GET", Connection="keep-alive", Transfer_Encoding="chunked")
        reader, writer = await running.open(head + b"3\r\nabc\r\nnonsense\r\n" + bytes(300_000))
        async with asyncio.timeout(5):
            assert parsed(await reader.read()).status == 413
        writer.close()


async def test_requests_may_be_pipelined() -> None:
    """Requests that are sent at once are answered in order; one that is no request ends them."""
    async with edge() as running:
        one = request(DATA, Connection="keep-alive")
        reader, writer = await running.open(one * 50 + b"nonsense\r\n\r\n")
        async with asyncio.timeout(5):
            answers = await reader.read()
        assert answers.count(b"HTTP/1.1 200 OK") == 50
        assert answers.count(b"HTTP/1.1 400 Bad Request") == 1
        writer.close()


async def test_other_pages_read_by_list() -> None:
    """CORS lets pages of listed origins read data and its tags, and pages of no others."""
    async with edge(origins=f"{SITE}, http://plain.example:8000") as running:
        for origin, allowed in [
            (SITE, True),
            (f"{SITE}:443", True),
            ("HTTPS://SITE.EXAMPLE", True),
            ("http://plain.example:8000", True),
            ("http://plain.example", False),
            ("http://site.example", False),
            ("https://site.example.evil.example", False),
            ("null", False),
        ]:
            response = await running.get(DATA, Origin=origin)
            assert response.status == 200
            assert response.headers["vary"] == "Origin"
            shown = response.headers.get("access-control-allow-origin")
            assert shown == (origin if allowed else None)
            assert ("access-control-expose-headers" in response.headers) == allowed
            assert "access-control-allow-credentials" not in response.headers
            preflight = await running.get(
                DATA, "OPTIONS", Origin=origin, Access_Control_Request_Method="GET"
            )
            assert preflight.status == 204
            assert ("access-control-allow-methods" in preflight.headers) == allowed
        page = await running.get(PAGE, Origin=SITE)
        assert "access-control-allow-origin" not in page.headers


async def test_any_origin_may_be_listed() -> None:
    """With `*` pages of all origins read and watch."""
    async with edge(origins="*") as running:
        response = await running.get(DATA, Origin="null")
        assert response.headers["access-control-allow-origin"] == "*"
        assert "vary" not in response.headers
        assert await running.shake(Origin=SITE) == 101


async def test_websockets_are_checked_by_origin() -> None:
    """A handshake is of the gateway's own page, of a listed one, or of no page; all else is 403."""
    async with edge(origins=SITE, trusted_proxies="127.0.0.1") as running:
        own = {"Host": "boards.example"}
        for origin, headers, status in [
            (None, {}, 101),
            (SITE, {}, 101),
            ("http://boards.example", own, 101),
            ("http://boards.example:80", own, 101),
            ("https://boards.example", own, 403),
            ("https://boards.example", own | {"X_Forwarded_Proto": "https"}, 101),
            ("http://boards.example:8080", own, 403),
            ("http://other.example", own, 403),
            ("null", own, 403),
            ("", own, 403),
            ("http://", {"Host": ""}, 403),
        ]:
            named = headers if origin is None else headers | {"Origin": origin}
            assert await running.shake(**named) == status, (origin, headers)


async def test_a_gateway_on_loopback_has_local_names_alone() -> None:
    """Another host, as a page has after DNS rebinding, gets 421, by HTTP and by WebSocket."""
    async with edge(origins=SITE) as running:
        for host, status in [
            ("localhost", 200),
            ("LocalHost:9000", 200),
            ("boards.localhost:80", 200),
            ("127.0.0.1:8080", 200),
            ("127.1.2.3", 200),
            ("[::1]:8080", 200),
            ("site.example", 200),
            ("evil.example", 421),
            ("localhost.evil.example", 421),
            ("10.0.0.1", 421),
            ("[::2]", 421),
            ("", 421),
        ]:
            assert (await running.get(DATA, Host=host)).status == status, host
        evil = "evil.example"
        assert await running.shake(Host=evil, Origin=f"http://{evil}") == 421
    async with edge(address="0.0.0.0:8080") as running:
        assert (await running.get(DATA, Host=evil)).status == 200


async def test_data_needs_the_token_of_viewers() -> None:
    """With a token all data needs it, and pages don't; a preflight has none."""
    encoded = base64.urlsafe_b64encode(TOKEN.encode()).decode().rstrip("=")
    async with edge(viewer_token=TOKEN, origins=SITE) as running:
        assert (await running.get(PAGE)).status == 200
        assert (await running.get("/v1/nowhere")).status == 401
        for header, status in [
            (f"Bearer {TOKEN}", 200),
            (f"bearer   {TOKEN}", 200),
            ("Bearer", 401),
            (f"Basic {TOKEN}", 401),
            (TOKEN, 401),
            (f"Bearer {TOKEN}x", 401),
        ]:
            response = await running.get(DATA, Authorization=header, Origin=SITE)
            assert response.status == status, header
            assert response.headers["access-control-allow-origin"] == SITE
            assert ("www-authenticate" in response.headers) == (status == 401)
        preflight = await running.get(
            DATA, "OPTIONS", Origin=SITE, Access_Control_Request_Method="GET"
        )
        assert preflight.status == 204
        for offered, status in [
            (f"leaderboard.v1, leaderboard.token.{encoded}", 101),
            ("leaderboard.v1", 401),
            ("leaderboard.v1, leaderboard.token.", 401),
            ("leaderboard.v1, leaderboard.token.!!", 401),
        ]:
            assert await running.shake(Sec_WebSocket_Protocol=offered) == status, offered
        assert await running.shake(Authorization=f"Bearer {TOKEN}") == 101


async def test_requests_are_limited_by_address() -> None:
    """Beyond the rate an address gets 429, when it may come back, and others are served."""
    async with edge(rate=1, trusted_proxies="127.0.0.1") as running:
        one, other = {"X_Forwarded_For": "203.0.113.7"}, {"X_Forwarded_For": "203.0.113.8"}
        responses = [await running.get(DATA, **one) for _ in range(5)]
        assert [response.status for response in responses[:2]] == [200, 200]
        refused = next(response for response in responses if response.status == 429)
        assert refused.headers["retry-after"] == "1"
        assert 429 in [await running.shake(**one) for _ in range(3)]
        assert (await running.get(DATA, **other)).status == 200


async def test_addresses_are_those_that_trusted_proxies_name() -> None:
    """Only what trusted proxies have added to the header counts, from the right."""
    async with edge(trusted_proxies="127.0.0.1, 10.0.0.0/8, 2001:db8::/32") as running:
        for forwarded, shown in [
            ("203.0.113.7", "203.0.113.7"),
            ("1.1.1.1, 203.0.113.7", "203.0.113.7"),
            ("1.1.1.1, 203.0.113.7, 10.1.2.3", "203.0.113.7"),
            ("203.0.113.7:1234", "203.0.113.7"),
            ("[2001:db9::1]:1234, 2001:db8::5", "2001:db9::1"),
            ("", "127.0.0.1"),
        ]:
            response = await running.get(DATA, X_Forwarded_For=forwarded)
            assert response.text == f"http {shown}", forwarded
    async with edge() as running:
        spoofed = {"X_Forwarded_For": "1.1.1.1", "X_Forwarded_Proto": "https"}
        assert (await running.get(DATA, **spoofed)).text == "http 127.0.0.1"


async def test_unknown_websockets_are_problems() -> None:
    """A handshake at a path without a WebSocket is 404, one that is malformed says why."""
    async with edge() as running:
        assert await running.shake("/v1/nowhere") == 404
        for changed, status in [
            ({"Sec-WebSocket-Key": "short"}, 400),
            ({"Sec-WebSocket-Version": "8"}, 400),
            ({"Content-Length": "5"}, 400),
            ({"X-Long": "x" * 9_000}, 431),
        ]:
            reader, writer = await running.open(request(WATCH, **(HANDSHAKE | changed)))
            async with asyncio.timeout(5):
                response = parsed(await reader.read())
            writer.close()
            assert (response.status, response.headers["content-type"]) == (status, PROBLEM)


def test_an_address_of_ipv6_counts_with_its_network() -> None:
    """One caller has all addresses of a network of 64 bits; IPv4 counts as such."""
    assert address_key("2001:db8::1") == address_key("2001:db8::ffff:1") == "2001:db8::/64"
    assert address_key("2001:db8:0:1::1") != address_key("2001:db8::1")
    assert address_key("::ffff:192.0.2.1") == address_key("192.0.2.1") == "192.0.2.1"
    assert len(address_key("x" * 10_000)) < 100


def test_a_bucket_fills_again() -> None:
    """An address has its burst at once, then its rate, and waits as long as it is refused."""
    now = 0.0
    limit = RateLimit(10, burst=20, clock=lambda: now)
    assert [limit.take("a") for _ in range(20)] == [0.0] * 20
    assert 0 < limit.take("a") <= 0.1001
    now += 0.1
    assert limit.take("a") == 0.0
    assert limit.take("a") > 0
    now += 100
    assert [limit.take("a") for _ in range(20)] == [0.0] * 20
    assert limit.take("a") > 0


def test_buckets_are_bounded() -> None:
    """However many addresses there are, memory is bounded, and full buckets are dropped."""
    now = 0.0
    limit = RateLimit(1, burst=1, clock=lambda: now)
    for number in range(MAX_ADDRESSES + 1_000):
        assert limit.take(str(number)) == 0.0
    assert limit.size == MAX_ADDRESSES
    now += 10
    for number in range(MAX_ADDRESSES):
        limit.take(f"later-{number % 10}")
        now += 1
    assert limit.size <= 10
