"""What vCenter has of the certificates of hosts: PEM byte by byte, a thumbprint, and neither."""

import hashlib
import ssl

import pytest

from hostcheck.model.fact import Unknown
from hostcheck.parsers import vim_certificates

DER = b"\x30\x82\x01\x00" + bytes(range(256))
SHA256, SHA1 = hashlib.sha256(DER).hexdigest(), "0F:1e" * 10


def member(value: int) -> str:
    return f"<byte>{value - 256 if value > 127 else value}</byte>"


def listing(*hosts: str) -> str:
    objects = (
        f'<objects><obj type="HostSystem">host-{at}</obj>{one}</objects>'
        for at, one in enumerate(hosts)
    )
    return f"<listing>{''.join(objects)}</listing>"


def prop(path: str, kind: str, value: str) -> str:
    return f'<propSet><name>{path}</name><val xsi:type="{kind}">{value}</val></propSet>'.replace(
        "<val", '<val xmlns:xsi="http://www.w3.org/2001/XMLSchema-instance"'
    )


def held(data: bytes) -> str:
    return prop("config.certificate", "ArrayOfByte", "".join(map(member, data)))


PEM = ssl.DER_cert_to_PEM_cert(DER).encode()
STATED = prop("summary.config.sslThumbprint", "xsd:string", SHA1)
PORT = prop("summary.config.port", "xsd:int", "443")


@pytest.mark.parametrize(
    ("host", "digest"),
    [
        (held(PEM), SHA256),
        (held(DER), SHA256),
        (held(PEM) + STATED, SHA256),
        (held(b"") + STATED, SHA1.replace(":", "").lower()),
        (STATED, SHA1.replace(":", "").lower()),
        (prop("summary.config.sslThumbprint", "xsd:string", SHA256.upper()), SHA256),
    ],
)
def test_a_certificate_that_is_told(host: str, digest: str) -> None:
    (found,) = vim_certificates.parse(listing(host + PORT))
    assert (found.id, found.digest, found.port) == ("host-0", digest, "443")


@pytest.mark.parametrize(
    "host",
    [
        held(b"-----BEGIN CERTIFICATE-----\nAAAA") + STATED,
        held(b"no certificate") + STATED,
        held(b"\x00\xff") + STATED,
        prop("config.certificate", "ArrayOfByte", "<byte>x</byte>") + STATED,
        prop("config.certificate", "ArrayOfByte", "<byte>99999999999</byte>") + STATED,
        prop("summary.config.sslThumbprint", "xsd:string", "AB:CD"),
        prop("summary.config.sslThumbprint", "xsd:string", "x" * 40),
        prop("summary.config.sslThumbprint", "xsd:string", ""),
        PORT,
    ],
)
def test_a_certificate_that_is_none_is_unknown(host: str) -> None:
    (found,) = vim_certificates.parse(listing(host))
    assert isinstance(found.digest, Unknown)


def test_each_host_has_its_own() -> None:
    found = vim_certificates.parse(listing(held(PEM), STATED, PORT))
    assert [one.id for one in found] == ["host-0", "host-1", "host-2"]
    assert [isinstance(one.digest, Unknown) for one in found] == [False, False, True]
