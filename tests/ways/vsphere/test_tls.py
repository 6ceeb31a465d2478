"""Whose certificate is trusted, and what is said where it is not."""

import hashlib
import ssl
from datetime import UTC, datetime, timedelta

import pytest

from hostcheck.errors import UsageError
from hostcheck.ways.tls import NOT_YET, Endpoint, distrust
from tests.peers import shapes

HEALTHY = shapes.HEALTHY


def thumbprint(server, kind):
    return hashlib.new(kind, ssl.PEM_cert_to_DER_cert(server.ca_file.read_text())).hexdigest()


def test_an_expired_certificate_says_when_and_what_was_not_tried_yet(new_vcenter, log_in):
    ago = timedelta(days=-40)
    server = new_vcenter(HEALTHY, good_until=ago)
    day = (datetime.now(UTC) + ago).date().isoformat()
    pin = thumbprint(server, "sha256")
    with pytest.raises(UsageError, match=f"certificate expired on {day}; renew it .*{pin}"):
        log_in(server)
    log_in(server, thumbprint=pin)
    with pytest.raises(UsageError, match="give its CA with --tls-ca FILE or pin it"):
        log_in(server, ca_files=())


def test_a_certificate_of_tomorrow_sends_to_the_clocks(new_vcenter):
    server = new_vcenter(HEALTHY, good_until=timedelta(days=2))
    early = ssl.SSLCertVerificationError(1, "not yet valid")
    early.verify_code, early.verify_message = NOT_YET, "certificate is not yet valid"
    told = distrust(Endpoint(server.host, "u", server.port, (str(server.ca_file),)), early)
    assert told.startswith("is valid from 20")
    assert "check the clocks of both sides" in told


def test_a_certificate_for_another_name_says_for_which(new_vcenter, log_in):
    server = new_vcenter(HEALTHY, names=("vc.lab.test", "10.9.8.7"))
    told = "is for vc.lab.test, 10.9.8.7 and not for 127.0.0.1; connect by a name of its own"
    with pytest.raises(UsageError, match=told):
        log_in(server)
    log_in(server, thumbprint=thumbprint(server, "sha256"))


def test_a_ca_that_was_given_is_not_asked_for_again(vcenter, new_vcenter, log_in):
    other = new_vcenter(HEALTHY)
    with pytest.raises(UsageError, match=f"no CA in {other.ca_file} signed it; give the CA"):
        log_in(vcenter, ca_files=(str(other.ca_file),))


def test_an_unknown_authority_is_refused_with_advice(vcenter, log_in):
    with pytest.raises(UsageError, match="--tls-ca FILE or pin it with --tls-thumbprint"):
        log_in(vcenter, ca_files=())


def test_a_ca_file_that_is_none_is_one_line(vcenter, log_in, tmp_path):
    broken = tmp_path / "ca.pem"
    broken.write_text("this is no certificate\n")
    with pytest.raises(UsageError, match="give a readable PEM file"):
        log_in(vcenter, ca_files=(str(broken),))


@pytest.mark.parametrize("kind", ["sha256", "sha1"])
@pytest.mark.parametrize("colons", [False, True])
def test_the_right_thumbprint_is_enough(vcenter, log_in, kind, colons):
    given = thumbprint(vcenter, kind)
    if colons:
        given = ":".join(given[i : i + 2] for i in range(0, len(given), 2)).upper()
    session = log_in(vcenter, ca_files=(), thumbprint=given)
    assert session._session.is_vcenter
    session.close()
    assert vcenter.stats()["open_sessions"] == 0


def test_a_wrong_thumbprint_is_refused_and_the_ca_does_not_help(vcenter, log_in):
    logins = vcenter.stats()["calls"].get("Login", 0)
    with pytest.raises(UsageError, match=thumbprint(vcenter, "sha256")):
        log_in(vcenter, thumbprint="ab" * 32)
    assert vcenter.stats()["calls"].get("Login", 0) == logins
