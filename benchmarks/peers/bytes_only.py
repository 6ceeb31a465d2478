"""The floor: the same answers read from the socket, a page at a time, and thrown away."""

import http.client
import os
import re
import ssl
import sys

from benchmarks.peers import paths
from hostcheck.ways.vsphere import soap

PAGE = 250


class Session:
    """Just enough of SOAP to log in and ask."""

    def __init__(self, port: int) -> None:
        context = ssl.create_default_context(cafile=os.environ["GOVC_TLS_CA_CERTS"])
        self._connection = http.client.HTTPSConnection("127.0.0.1", port, context=context)
        self._cookie = ""
        user, password = os.environ["GOVC_USERNAME"], os.environ["GOVC_PASSWORD"]
        self.post(
            soap.call(
                "Login", "SessionManager", "SessionManager",
                f"<userName>{user}</userName><password>{password}</password>",
            )
        )  # fmt: skip

    def post(self, body: str) -> bytes:
        """Send one call and return the answer."""
        self._connection.request(
            "POST", "/sdk", soap.ENVELOPE.format(body=body).encode(),
            {"Content-Type": "text/xml", "SOAPAction": "urn:vim25/8.0.3.0", "Cookie": self._cookie},
        )  # fmt: skip
        response = self._connection.getresponse()
        answer = response.read()
        if response.status != http.client.OK:
            raise RuntimeError(answer[:500])
        self._cookie = response.getheader("Set-Cookie", self._cookie).partition(";")[0]
        return answer

    def read(self, kind: str, wanted: tuple[str, ...]) -> int:
        """Read all objects of a type and return how many bytes they were."""
        answer = self.post(
            soap.call(
                "CreateContainerView", "ViewManager", "ViewManager",
                f'<container type="Folder">group-d1</container><type>{kind}</type>'
                "<recursive>true</recursive>",
            )
        )  # fmt: skip
        (view,) = re.findall(rb'type="ContainerView">([^<]+)<', answer)
        targets = soap.targets_in_view(view.decode())
        answer = self.post(soap.retrieve("propertyCollector", {kind: wanted}, targets, PAGE))
        size = len(answer)
        while token := soap.token_in(answer):
            answer = self.post(
                soap.call(
                    "ContinueRetrievePropertiesEx", "PropertyCollector", "propertyCollector",
                    f"<token>{token}</token>",
                )
            )  # fmt: skip
            size += len(answer)
        return size


if __name__ == "__main__":
    session = Session(int(sys.argv[1]))
    print(session.read("HostSystem", paths.HOST) + session.read("VirtualMachine", paths.VM))
    session.post(soap.call("Logout", "SessionManager", "SessionManager"))
