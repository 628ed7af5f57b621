"""Where webhooks may go: by address, by name, and when a name changes its mind."""

from __future__ import annotations

import asyncio
import datetime
import socket
import ssl
import threading
from collections.abc import Iterator
from pathlib import Path
from typing import Any

import pytest
from cryptography import x509
from cryptography.hazmat.primitives import hashes, serialization
from cryptography.hazmat.primitives.asymmetric import ec
from hypothesis import given
from hypothesis import strategies as st

from backend.hooks import sending, targets
from tests.hooks.receiver import Receiver, Reply
from tests.world import World

PORTS = (443, 8443)


@pytest.mark.parametrize(
    "url",
    [
        "https://hooks.example.org",
        "https://hooks.example.org:8443/a/b?key=1",
        "https://8.8.8.8/x",
        "https://[2606:4700::1111]/x",
    ],
)
def test_a_public_address_may_be_used(url: str) -> None:
    assert targets.fault_in(url, PORTS, local=False) is None


@pytest.mark.parametrize(
    "url",
    [
        "http://hooks.example.org",
        "ftp://hooks.example.org",
        "//hooks.example.org",
        "hooks.example.org",
        "https://",
        "https://:443",
        "https://user:word@hooks.example.org",
        "https://hooks.example.org@10.0.0.1/",
        "https://hooks.example.org/#part",
        "https://hooks.example.org:22",
        "https://hooks.example.org:99999",
        "https://hooks.example.org:x",
        "https://hooks.example.org\\@10.0.0.1",
        "https://hooks.example.org/a b",
        "https://hooks.example.org/\n",
        "https://höoks.example.org",
        "https://[::1",
        "https://localhost",
        "https://localhost.",
        "https://database",
        "https://a.localhost",
        "https://printer.local",
        "https://metadata.google.internal/x",
        "https://127.0.0.1",
        "https://127.1",
        "https://2130706433",
        "https://0x7f000001",
        "https://0x7f.1",
        "https://017700000001",
        "https://169.254.169.254/latest/meta-data",
        "https://[::1]",
        "https://[::ffff:10.0.0.1]",
        "https://hooks.example.org/" + "x" * 500,
    ],
)
def test_any_other_address_is_refused_with_a_reason(url: str) -> None:
    assert targets.fault_in(url, PORTS, local=False)


@pytest.mark.parametrize(
    "address",
    [
        "0.0.0.0",
        "10.0.0.1",
        "100.64.0.1",
        "100.127.255.254",
        "127.0.0.1",
        "127.255.255.254",
        "169.254.169.254",
        "172.16.0.1",
        "172.31.255.255",
        "192.0.0.1",
        "192.0.2.1",
        "192.168.1.1",
        "198.18.0.1",
        "198.51.100.1",
        "203.0.113.1",
        "224.0.0.1",
        "240.0.0.1",
        "255.255.255.255",
        "::",
        "::1",
        "::127.0.0.1",
        "::ffff:127.0.0.1",
        "::ffff:169.254.169.254",
        "64:ff9b::10.0.0.1",
        "64:ff9b:1::127.0.0.1",
        "2002:7f00:1::",
        "2002:a00:1::1",
        "2001:0:4136:e378:8000:63bf:3fff:fdd2",
        "2001:db8::1",
        "3fff::1",
        "5f00::1",
        "100::1",
        "fc00::1",
        "fd00:ec2::254",
        "fe80::1",
        "fe80::1%eth0",
        "fec0::1",
        "ff02::1",
        "",
        "name",
    ],
)
def test_nothing_is_sent_inside(address: str) -> None:
    assert not targets.is_allowed(address, local=False)


@pytest.mark.parametrize("address", ["8.8.8.8", "1.1.1.1", "2606:4700::1111", "64:ff9b::8.8.8.8"])
def test_the_public_internet_is_open(address: str) -> None:
    assert targets.is_allowed(address, local=False)


@given(st.ip_addresses())
def test_what_may_be_sent_to_is_global_whatever_holds_it(address: Any) -> None:
    if targets.is_public(address):
        assert address.is_global
        assert not address.is_private and not address.is_loopback and not address.is_link_local


@given(st.text(max_size=60))
def test_no_address_breaks_the_check(url: str) -> None:
    for tail in (url, "https://" + url, "https://a.b/" + url, "https://[" + url):
        found = targets.fault_in(tail, PORTS, local=False)
        assert found is None or found.endswith(".")


def test_local_targets_are_for_development_alone(world: World) -> None:
    assert targets.fault_in("http://127.0.0.1:5000/x", PORTS, local=True) is None
    assert targets.fault_in("http://10.0.0.1:5000/x", PORTS, local=True) is not None
    assert not targets.is_allowed("10.0.0.1", local=True)
    lead = world.provider(world.practice(), "lead")
    answer = world.post("/v1/webhook-endpoints", lead, {"url": "https://10.0.0.1/x"})
    assert answer.status_code == 422
    assert answer.get_json()["errors"][0]["field"] == "url"


Names = dict[str, list[str]]


@pytest.fixture
def names(monkeypatch: pytest.MonkeyPatch) -> Names:
    """A resolver's stand-in: the addresses of a name, one lookup after the other."""
    known: Names = {}
    real = socket.getaddrinfo

    def look_up(host: Any, port: Any, *rest: Any, **more: Any) -> Any:
        found = known.get(host)
        if found is None:
            return real(host, port, *rest, **more)
        return real(found.pop(0) if len(found) > 1 else found[0], port, *rest, **more)

    monkeypatch.setattr(socket, "getaddrinfo", look_up)
    return known


def try_once(url: str, local: bool) -> sending.Answer:
    async def go() -> sending.Answer:
        async with sending.client(local) as client:
            return await sending.send(client, url, "{}", {})

    return asyncio.run(go())


@pytest.mark.parametrize("inside", ["127.0.0.1", "::1", "::ffff:127.0.0.1", "169.254.169.254"])
def test_a_name_that_leads_inside_is_not_connected_to(
    names: Names, receiver: Receiver, inside: str
) -> None:
    names["hooks.example.org"] = [inside]
    answer = try_once(f"http://hooks.example.org:{receiver.port}/", local=False)
    assert (answer.error, answer.http_status) == (sending.NO_TARGET, None)
    assert receiver.received == []


def test_a_name_that_changes_its_mind_is_judged_where_it_connects(
    names: Names, receiver: Receiver
) -> None:
    url = f"http://hooks.example.org:{receiver.port}/"
    names["hooks.example.org"] = ["8.8.8.8", "127.0.0.1"]
    # Whoever asked for the address beforehand was told a public one.
    told = socket.getaddrinfo("hooks.example.org", 80)[0][4][0]
    assert targets.is_allowed(str(told), local=False)
    assert try_once(url, local=False).error == sending.NO_TARGET
    assert receiver.received == []


def test_an_address_without_a_name_is_judged_too(receiver: Receiver) -> None:
    answer = try_once(f"http://127.0.0.1:{receiver.port}/", local=False)
    assert answer.error == sending.NO_TARGET
    assert receiver.received == []


def test_no_proxy_of_the_environment_is_used(
    receiver: Receiver, monkeypatch: pytest.MonkeyPatch
) -> None:
    proxy = Receiver()
    for name in ("http_proxy", "HTTP_PROXY", "ALL_PROXY"):
        monkeypatch.setenv(name, proxy.url)
    assert try_once(receiver.url, local=True).http_status == 204
    assert (len(receiver.received), len(proxy.received)) == (1, 0)
    proxy.stop()


def test_who_answers_too_slowly_has_not_answered(
    receiver: Receiver, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(sending, "TIMEOUT_SECONDS", 0.3)
    gate = threading.Event()

    def slow(got: Any) -> Reply:
        gate.wait(30)
        return Reply()

    receiver.reply = slow
    answer = try_once(receiver.url, local=True)
    gate.set()
    assert (answer.error, answer.http_status) == (sending.TIMED_OUT, None)


@pytest.fixture
def trusted(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> Iterator[ssl.SSLContext]:
    """A server's certificate for hooks.example.org that this test trusts."""
    key = ec.generate_private_key(ec.SECP256R1())
    name = x509.Name([x509.NameAttribute(x509.NameOID.COMMON_NAME, "hooks.example.org")])
    at = datetime.datetime.now(datetime.UTC)
    made = (
        x509.CertificateBuilder()
        .subject_name(name)
        .issuer_name(name)
        .public_key(key.public_key())
        .serial_number(x509.random_serial_number())
        .not_valid_before(at - datetime.timedelta(days=1))
        .not_valid_after(at + datetime.timedelta(days=1))
        .add_extension(x509.SubjectAlternativeName([x509.DNSName("hooks.example.org")]), False)
        .add_extension(x509.BasicConstraints(ca=True, path_length=None), True)
        .sign(key, hashes.SHA256())
    )
    file = tmp_path / "both.pem"
    secret = key.private_bytes(
        serialization.Encoding.PEM,
        serialization.PrivateFormat.PKCS8,
        serialization.NoEncryption(),
    )
    file.write_bytes(secret + made.public_bytes(serialization.Encoding.PEM))
    server = ssl.SSLContext(ssl.PROTOCOL_TLS_SERVER)
    server.load_cert_chain(file)
    monkeypatch.setenv("SSL_CERT_FILE", str(file))
    sending._tls.cache_clear()
    yield server
    sending._tls.cache_clear()


def test_a_certificate_must_be_of_the_name(names: Names, trusted: ssl.SSLContext) -> None:
    receiver = Receiver(trusted)
    names["hooks.example.org"] = names["other.example.org"] = ["127.0.0.1"]
    good = try_once(f"https://hooks.example.org:{receiver.port}/x", local=True)
    assert (good.http_status, good.error) == (204, None)
    [got] = receiver.received
    assert got.headers["host"] == f"hooks.example.org:{receiver.port}"
    other = try_once(f"https://other.example.org:{receiver.port}/x", local=True)
    assert (other.http_status, other.error) == (None, sending.NO_TLS)
    receiver.stop()
    assert len(receiver.received) == 1
