"""Logins to several vCenters: one wrong password is not tried at all of them."""

import pytest

from hostcheck import settings
from hostcheck.connect.given import Vsphere
from hostcheck.connect.sessions import opened
from hostcheck.errors import UsageError
from hostcheck.front import Front
from tests.peers import shapes


def nobody_asks(_prompt):
    raise AssertionError("nobody is asked")


def logins(server):
    return server.stats()["calls"].get("Login", 0)


@pytest.mark.parametrize("user", ["", "other@vsphere.local"])
def test_a_password_that_two_vcenters_refuse_is_tried_at_no_other(new_vcenter, user):
    servers = [new_vcenter(shapes.HEALTHY, password="right") for _ in range(3)]
    urls = [f"https://{one.user}@{one.host}:{one.port}" for one in servers]
    if user:
        urls[2] = f"https://{user}@{servers[2].host}:{servers[2].port}"
    front = Front({"GOVC_PASSWORD": "wr0ng"}, nobody_asks, lambda _: None, somebody=False)
    authorities = tuple(one.ca_file for one in servers)
    given = Vsphere(vcenter=tuple(urls), tls_ca=authorities)
    with pytest.raises(UsageError) as caught:
        opened(given, settings.kind()(), front)
    told = str(caught.value)
    assert told.count("is refused") == (3 if user else 2)
    assert ("was not tried" in told) is not bool(user)
    assert [logins(one) for one in servers] == [1, 1, 1 if user else 0]
    assert "wr0ng" not in told
