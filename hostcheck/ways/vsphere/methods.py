"""Method calls: of one host each, side by side, and esxcli through the API."""

from xml.etree import ElementTree as ET

from hostcheck.errors import ParseError
from hostcheck.model.capture import Request
from hostcheck.model.fact import Unknown, Why
from hostcheck.syntax.vim_call import arguments, method_of
from hostcheck.syntax.xml import escape, local, root_of
from hostcheck.ways.vsphere import soap
from hostcheck.ways.vsphere.session import NOT_AUTHENTICATED, Session


class Methods:
    """Calls methods over one session. Several threads may."""

    def __init__(self, session: Session) -> None:
        self._session = session
        self._executers: dict[str, tuple[str, str] | Unknown] = {}

    def call(self, request: Request) -> str:
        """Return what a method returned, as XML."""
        answer = self._session.post(self.body(request))
        method = method_of(request)
        for element in root_of(answer.decode(), what=request.text).iter():
            if local(element) == f"{method}Response":
                return ET.tostring(element, encoding="unicode")
        raise ParseError(f"{request.text}: an answer without {method}Response")

    def body(self, request: Request) -> str:
        """Return the call that a request is. Raises SoapFault where nothing has the method."""
        this, call = request.subject, request.call
        if call is not None and call.manager:
            manager = getattr(self._session.content, call.manager, None)
            if (
                manager is None
                or not (self._session.is_vcenter or call.anywhere)
                or self._session.api_version < call.since
            ):
                raise soap.SoapFault("NoManager", Unknown(Why.ABSENT, call.missing), "", "")
            this = manager._moId
        kind = request.template.partition(".")[0]
        return soap.call(method_of(request), kind, this, arguments(request, self._session.key))

    def esxcli(self, request: Request) -> str:
        """Run an esxcli command through the host's managed method executer (unsupported API)."""
        executer = self._executer(request.subject)
        *namespace, method = request.text.removeprefix("esxcli ").split()
        arguments = (
            f"<moid>ha-cli-handler-{escape('-'.join(namespace))}</moid>"
            "<version>urn:vim25/5.0</version>"
            f"<method>vim.EsxCLI.{escape('.'.join((*namespace, method)))}</method>"
        )
        answer = self._session.post(soap.call("ExecuteSoap", *executer, arguments))
        response = message = ""
        for element in root_of(answer.decode(), what=request.text).iter():
            match local(element):
                case "response":
                    response = element.text or ""
                case "faultMsg":
                    message = (element.text or "").strip() or "refused without a reason"
        if message:
            raise soap.SoapFault("EsxCLI", Unknown(Why.ABSENT, message, request.text), "", "")
        return response

    def _executer(self, host_id: str) -> tuple[str, str]:
        if host_id not in self._executers:
            try:
                answer = self._session.post(
                    soap.call("RetrieveManagedMethodExecuter", "HostSystem", host_id)
                )
            except soap.SoapFault as fault:
                if fault.name == NOT_AUTHENTICATED:
                    raise
                self._executers[host_id] = fault.unknown
            else:
                self._executers[host_id] = Unknown(Why.ABSENT, "the host offers no executer")
                for element in root_of(answer.decode(), what="executer").iter():
                    if local(element) == "returnval" and element.text:
                        kind = element.get("type", "ReflectManagedMethodExecuter")
                        self._executers[host_id] = (kind, element.text.strip())
        executer = self._executers[host_id]
        if isinstance(executer, Unknown):
            raise soap.SoapFault("NoExecuter", executer, "", "")
        return executer
