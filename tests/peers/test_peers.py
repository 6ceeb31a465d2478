"""The peers themselves: what was put into a fleet comes out of the real servers again."""

import gc
import http.client
import re
import socket
import time
import xml.etree.ElementTree as ET
from collections.abc import Iterator
from contextlib import contextmanager, suppress
from dataclasses import replace
from itertools import count
from xml.parsers.expat import ExpatError

import paramiko
import pytest
from pyVim.connect import Disconnect, SmartConnect
from pyVmomi import vim, vmodl

from tests.peers import esxcli, live, shapes, shell
from tests.peers.api import Trouble
from tests.peers.fleet import CANARY, Fleet, HostShape, Vm, expected
from tests.peers.ports import own_port

PC = vmodl.query.PropertyCollector
HOST_PATHS = [
    "name", "parent", "vm", "runtime.connectionState", "runtime.powerState",
    "runtime.inMaintenanceMode", "runtime.bootTime", "summary.rebootRequired",
    "hardware.systemInfo", "hardware.biosInfo", "hardware.cpuInfo", "hardware.cpuPkg",
    "hardware.memorySize", "hardware.numaInfo", "hardware.pciDevice", "config.product",
    "config.graphicsInfo", "config.graphicsConfig", "config.sharedPassthruGpuTypes",
    "config.pciPassthruInfo", "config.network.pnic", "config.network.vswitch",
    "config.network.portgroup", "config.network.proxySwitch", "config.service",
    "config.lockdownMode", "configManager.imageConfigManager", "configManager.graphicsManager",
]  # fmt: skip
VM_PATHS = [
    "name", "runtime.host", "runtime.powerState", "runtime.connectionState", "config.template",
    "config.version", "config.firmware", "config.hardware", "config.memoryAllocation",
    "config.memoryReservationLockedToMax", "config.cpuHotAddEnabled",
    "config.memoryHotAddEnabled", "config.latencySensitivity", "config.extraConfig",
]  # fmt: skip


@contextmanager
def vcenter(fleet: Fleet, *troubles: Trouble, **options) -> Iterator[live.Vcenter]:
    try:
        manager = live.running_vcenter(fleet, *troubles, **options)
        server = manager.__enter__()
    except live.Missing as reason:
        pytest.skip(str(reason))
    try:
        yield server
    finally:
        manager.__exit__(None, None, None)


@contextmanager
def shells(fleet: Fleet, **options) -> Iterator[live.Shells]:
    try:
        manager = live.running_shells(fleet, **options)
        server = manager.__enter__()
    except live.Missing as reason:
        pytest.skip(str(reason))
    try:
        yield server
    finally:
        manager.__exit__(None, None, None)


@contextmanager
def session(server: live.Vcenter, password: str = ""):
    si = SmartConnect(
        host=server.host, port=server.port, user=server.user, sslContext=server.context,
        pwd=password or server.password,
    )  # fmt: skip
    try:
        yield si
    finally:
        with suppress(Exception):
            si._stub.DropConnections()


def spec(content, kind, paths):
    view = content.viewManager.CreateContainerView(content.rootFolder, [kind], True)
    walk = PC.TraversalSpec(name="view", path="view", skip=False, type=type(view))
    return PC.FilterSpec(
        objectSet=[PC.ObjectSpec(obj=view, skip=True, selectSet=[walk])],
        propSet=[PC.PropertySpec(type=kind, pathSet=paths)],
    )


def retrieve(content, kind, paths, page=0):
    """Return the objects and how many pages they took."""
    collector = content.propertyCollector
    options = PC.RetrieveOptions(maxObjects=page or None)
    answer = collector.RetrievePropertiesEx([spec(content, kind, paths)], options)
    objects, pages = list(answer.objects), 1
    while answer.token:
        answer = collector.ContinueRetrievePropertiesEx(answer.token)
        assert len(answer.objects) <= (page or len(answer.objects))
        objects += answer.objects
        pages += 1
    return objects, pages


def values(content_object):
    return {item.name: item.val for item in content_object.propSet}


def raw(server, cookie, body):
    connection = http.client.HTTPSConnection(server.host, server.port, context=server.context)
    envelope = (
        '<soapenv:Envelope xmlns:soapenv="http://schemas.xmlsoap.org/soap/envelope/">'
        f"<soapenv:Body>{body}</soapenv:Body></soapenv:Envelope>"
    )
    headers = {"Cookie": cookie, "SOAPAction": "urn:vim25/5.0", "Content-Type": "text/xml"}
    connection.request("POST", "/sdk", envelope, headers)
    answer = connection.getresponse()
    text = answer.read().decode()
    connection.close()
    return answer.status, text


@pytest.mark.parametrize("name", shapes.RECORDED)
def test_the_api_tells_the_truth_of_every_shape(name):
    host = shapes.HOSTS[name]
    truth = expected(host)
    denied = {item.path for item in host.denied if not item.vm}
    with vcenter(shapes.RECORDED[name]) as server, session(server) as si:
        (found,), _ = retrieve(si.content, vim.HostSystem, HOST_PATHS)
        got = values(found)
        assert {item.path for item in found.missingSet} == denied
        assert all(item.fault.privilegeId == "System.Read" for item in found.missingSet)
        assert got["hardware.cpuInfo"].numCpuPackages == truth["package_count"]
        assert got["config.product"].version == host.version
        if "hardware.numaInfo" not in denied:
            nodes = got["hardware.numaInfo"].numaNode
            assert len(nodes) == truth["numa_node_count"]
            assert all(list(n.cpuID) == sorted(n.cpuID, reverse=True) for n in nodes)
            homes = {where: node.typeId for node in nodes for where in node.pciId}
            listed = host.pci_nodes_filled and not host.nested
            for gpu in host.gpus:
                assert homes.get(gpu.address) == (gpu.node if listed else None)
        ids = {item.id: item for item in got["hardware.pciDevice"]}
        active = {item.pciId: item.graphicsType for item in got["config.graphicsInfo"]}
        for address, gpu in truth["gpus"].items():
            assert ids[address].vendorId & 0xFFFF == 0x10DE
            assert ids[address].parentBridge == gpu["bridges"][0]
            assert active[address] == gpu["graphics_active"]
        vms, _ = retrieve(si.content, vim.VirtualMachine, VM_PATHS)
        assert len(vms) == len(host.vms)
        if not any(item.vm for item in host.denied):
            assert all(CANARY in str(values(vm)["config.extraConfig"]) for vm in vms)
        Disconnect(si)
        assert server.stats()["open_sessions"] == 0


@pytest.mark.parametrize("name", shapes.RECORDED)
def test_the_shell_and_esxcli_agree_with_the_shape(name):
    host = shapes.HOSTS[name]
    texts = shell.answers(host)
    counted = f"NUMA Node Count: {host.esxcli_nodes or host.node_count}\n"
    assert counted in texts["esxcli hardware memory get"][0]
    listed = texts["vsish -e dir /hardware/cpuTopology/numa/nodes"][0].split()
    assert len(listed) == host.node_count
    for answer in esxcli.answers(host).values():
        ET.fromstring(answer)
    if host.manager_runs and host.seen_gpus():
        log = texts["nvidia-smi -q -x"][0]
        tree = ET.fromstring(log[log.index("<?xml") :])
        assert [g.findtext("uuid") for g in tree.iter("gpu")] == [
            gpu.uuid for gpu in host.seen_gpus()
        ]


def test_the_shell_and_the_api_say_the_same_of_what_may_be_passed_through():
    fleet = Fleet(tuple(shapes.SHAPES.values()), (shapes.CLUSTER, shapes.AWAY))
    told = 0
    with vcenter(fleet) as server, session(server) as si:
        found, _ = retrieve(si.content, vim.HostSystem, ["name", "config.pciPassthruInfo"])
        over_api = {got["name"]: got for got in map(values, found)}
        Disconnect(si)
    for host in shapes.SHAPES.values():
        blocks = shell.answers(host)["esxcli hardware pci list"][0].split("\n\n")
        in_shell = {
            re.search(r"Address: (\S+)", one)[1]: "Passthru Capable: true" in one for one in blocks
        }
        devices = over_api[host.name].get("config.pciPassthruInfo", [])
        for device in devices:
            assert in_shell[device.id] == device.passthruCapable, (host.name, device.id)
            told += 1
        assert host.passes_devices or not any(in_shell.values())
    assert told > 500


def test_an_unknown_path_fails_the_whole_request():
    with vcenter(shapes.HEALTHY) as server, session(server) as si:
        with pytest.raises(vmodl.query.InvalidProperty) as caught:
            retrieve(si.content, vim.HostSystem, ["name", "config.nonsense"])
        assert caught.value.name == "config.nonsense"


def test_an_old_server_does_not_know_new_paths():
    with vcenter(shapes.RECORDED["2n-2xM60-ecc-on-esxi670"]) as server, session(server) as si:
        assert si.content.about.apiVersion == "6.7"
        with pytest.raises(vmodl.query.InvalidProperty):
            retrieve(si.content, vim.HostSystem, ["config.assignableHardwareConfig"])
        (host,), _ = retrieve(si.content, vim.HostSystem, ["hardware.numaInfo"])
        assert values(host)["hardware.numaInfo"].numaNode[0].memorySize is None


def test_a_denied_property_is_a_missing_one_even_when_asked_by_attribute():
    name = "2n-2xA100-80-readonly-holes-esxi803"
    with vcenter(shapes.RECORDED[name]) as server, session(server) as si:
        vms, _ = retrieve(si.content, vim.VirtualMachine, ["name", "config.extraConfig"])
        refused = {values(vm)["name"]: [m.path for m in vm.missingSet] for vm in vms}
        assert refused.pop("train-15-a") == ["config.extraConfig"]
        assert set(map(tuple, refused.values())) == {()}
        host = vim.HostSystem(server.ids.hosts["esx-15.lab.test"], si._stub)
        with pytest.raises(vim.fault.NoPermission):
            host.configManager.imageConfigManager.fetchSoftwarePackages()


def test_pages_hold_no_more_than_asked_and_lose_nothing():
    vms = tuple(Vm(f"vm-{index:03d}") for index in range(300))
    fleet = Fleet((replace(shapes.HEALTHY.hosts[0], vms=vms),))
    with vcenter(fleet) as server, session(server) as si:
        objects, pages = retrieve(si.content, vim.VirtualMachine, ["name"], page=70)
        assert pages == 5
        assert {values(item)["name"] for item in objects} == {vm.name for vm in vms}
        calls = server.stats()["calls"]
        assert calls["ContinueRetrievePropertiesEx"] == 4


EXECUTE = (
    '<ExecuteSoap xmlns="urn:vim25"><_this type="{type}">{id}</_this>'
    "<moid>ha-cli-handler-{moid}</moid><version>urn:vim25/5.0</version>"
    "<method>vim.EsxCLI.{command}</method></ExecuteSoap>"
)


def test_esxcli_over_the_api():
    host = shapes.HEALTHY.hosts[0]
    with vcenter(shapes.HEALTHY) as server, session(server) as si:
        cookie, moid = si._stub.cookie, server.ids.hosts[host.name]
        _, text = raw(
            server, cookie,
            '<RetrieveManagedMethodExecuter xmlns="urn:vim25">'
            f'<_this type="HostSystem">{moid}</_this></RetrieveManagedMethodExecuter>',
        )  # fmt: skip
        reference = next(e for e in ET.fromstring(text).iter() if e.tag.endswith("returnval"))
        assert reference.get("type") == "ReflectManagedMethodExecuter"

        def ask(command):
            namespace = command.rpartition(".")[0].replace(".", "-")
            status, answer = raw(server, cookie, EXECUTE.format(
                type=reference.get("type"), id=reference.text, moid=namespace, command=command
            ))  # fmt: skip
            assert status == 200
            return ET.fromstring(answer)

        for command in ("hardware.pci.list", "graphics.device.list", "graphics.host.get",
                        "hardware.cpu.global.get", "hardware.memory.get", "network.nic.list",
                        "software.vib.list", "system.version.get"):  # fmt: skip
            response = next(e for e in ask(command).iter() if e.tag.endswith("response"))
            inner = ET.fromstring(response.text)
            assert len(inner)
            if command == "hardware.pci.list":
                numbers = [e.text for e in inner.iter() if e.tag.endswith("}VendorID")]
                assert str(0x10DE) in numbers
        assert any(e.tag.endswith("faultMsg") for e in ask("hardware.nothing.get").iter())
        assert server.stats()["esxcli"]["hardware.pci.list"] == 1


def test_an_ended_session_is_refused_and_a_new_login_helps():
    trouble = Trouble("RetrievePropertiesEx", "not_authenticated", first=2, last=2)
    with vcenter(shapes.HEALTHY, trouble) as server, session(server) as si:
        retrieve(si.content, vim.HostSystem, ["name"])
        with pytest.raises(vim.fault.NotAuthenticated):
            retrieve(si.content, vim.HostSystem, ["name"])
        assert server.stats()["open_sessions"] == 0
        si.content.sessionManager.Login(server.user, server.password)
        retrieve(si.content, vim.HostSystem, ["name"])
        Disconnect(si)
        assert server.stats()["open_sessions"] == 0


def test_an_idle_session_expires():
    with vcenter(shapes.HEALTHY, session_idle_s=0.3) as server, session(server) as si:
        time.sleep(1)
        assert server.stats()["open_sessions"] == 0
        with pytest.raises(vim.fault.NotAuthenticated):
            retrieve(si.content, vim.HostSystem, ["name"])


@pytest.mark.filterwarnings("ignore::pytest.PytestUnraisableExceptionWarning")
@pytest.mark.filterwarnings("ignore::ResourceWarning")
@pytest.mark.parametrize(("kind", "amount"), [("drop", 0), ("truncate", 300), ("busy", 0)])
def test_a_server_that_breaks_off(kind, amount):
    """pyVmomi loses its socket when an answer breaks off; that is not ours to mend."""
    trouble = Trouble("CurrentTime", kind, amount)
    with vcenter(shapes.HEALTHY, trouble) as server, session(server) as si:
        with pytest.raises((OSError, http.client.HTTPException, ExpatError)):
            si.CurrentTime()
        assert server.stats()["open_sessions"] == 1
    gc.collect()


@pytest.mark.filterwarnings("ignore::ResourceWarning")
@pytest.mark.filterwarnings("ignore::pytest.PytestUnraisableExceptionWarning")
def test_a_slow_server_and_the_wrong_password():
    with vcenter(shapes.HEALTHY, Trouble("CurrentTime", "delay", 400)) as server:
        with pytest.raises(vim.fault.InvalidLogin), session(server, "wrong"):
            pass
        with session(server) as si:
            began = time.monotonic()
            si.CurrentTime()
            assert time.monotonic() - began >= 0.4
    gc.collect()


# Shells


def dial(server, host: HostShape, **secret):
    client = paramiko.SSHClient()
    client.load_host_keys(str(server.known_hosts_file))
    client.set_missing_host_key_policy(paramiko.RejectPolicy())
    link = socket.create_connection((server.addresses[host.name], server.port), 10)
    link.setsockopt(socket.IPPROTO_TCP, socket.TCP_NODELAY, 1)
    client.connect(
        host.name, server.port, server.user, sock=link, look_for_keys=False, allow_agent=False,
        banner_timeout=60, **(secret or {"key_filename": str(server.key_file)}),
    )  # fmt: skip
    return client


def run(client, command, timeout=60):
    """Return stdout, stderr, status. Leaves the server a moment to free its only session."""
    channel = client.get_transport().open_session(timeout=timeout)
    channel.settimeout(timeout)
    channel.exec_command(command)
    out, err = b"", b""
    while not (channel.exit_status_ready() and channel.eof_received):
        moved = False
        if channel.recv_stderr_ready():
            err += channel.recv_stderr(1 << 16)
            moved = True
        if channel.recv_ready():
            out += channel.recv(1 << 16)
            moved = True
        if not moved:
            timeout -= 0.01
            if timeout < 0:
                raise TimeoutError(command)
            time.sleep(0.01)
    while channel.recv_ready():
        out += channel.recv(1 << 16)
    while channel.recv_stderr_ready():
        err += channel.recv_stderr(1 << 16)
    status = channel.recv_exit_status()
    channel.close()
    time.sleep(0.05)
    return out.decode(), err.decode(), status


def test_a_shell_replays_by_address_for_every_login():
    fleet = Fleet((shapes.HOSTS["2n-2xA100-80-esxi803"], shapes.HOSTS["1n-1xT4-esxi703"]))
    with shells(fleet) as server:
        secrets = [{"key_filename": str(server.key_file)}]
        if server.password:
            secrets.append({"password": server.password})
        for host in fleet:
            known = shell.answers(host)
            for secret in secrets:
                client = dial(server, host, **secret)
                for command in ("esxcli hardware memory get", "nvidia-smi -q -x"):
                    assert run(client, command) == known[command]
                assert run(client, "vmware -x")[2] == 127
                client.close()
        with pytest.raises(paramiko.AuthenticationException):
            dial(server, fleet.hosts[0], password="wrong")


def test_keyboard_interactive_only():
    with shells(shapes.HEALTHY, methods=("keyboard-interactive",)) as server:
        host = shapes.HEALTHY.hosts[0]
        transport = paramiko.Transport((host.address, server.port))
        transport.start_client(timeout=60)
        with pytest.raises(paramiko.BadAuthenticationType) as caught:
            transport.auth_none(server.user)
        assert caught.value.allowed_types == ["keyboard-interactive"]
        transport.auth_interactive(
            server.user, lambda _title, _text, prompts: [server.password for _ in prompts]
        )
        assert transport.is_authenticated()
        transport.close()


def test_shells_that_misbehave():
    healthy = shapes.HEALTHY.hosts[0]
    kinds = ("hang", "flood", "close", "refuse")
    troubled = [
        replace(healthy, **shapes.at(30 + index), shell_trouble=kind)
        for index, kind in enumerate(kinds)
    ]
    denied = replace(healthy, **shapes.at(40), shell=False)
    with shells(Fleet((healthy, *troubled, denied))) as server:
        hang, flood, close, refuse = troubled
        client = dial(server, hang)
        with pytest.raises(TimeoutError):
            run(client, "vmware -v", timeout=0.5)
        with pytest.raises(paramiko.ChannelException):
            client.get_transport().open_session(timeout=60)
        client.close()
        client = dial(server, flood)
        out, err, status = run(client, "vmware -v")
        assert (len(err), status) == (1 << 20, 0)
        assert len(out) > 1 << 20
        client.close()
        client = dial(server, close)
        channel = client.get_transport().open_session()
        with suppress(EOFError):  # the end of the connection may come before the answer
            channel.exec_command("vmware -v")
        assert channel.recv_exit_status() == -1
        client.close()
        with pytest.raises(OSError, match="refused"):
            dial(server, refuse)
        with pytest.raises(paramiko.AuthenticationException):
            dial(server, denied)


def test_more_hosts_than_sshd_has_addresses_for():
    fleet = shapes.many(40)
    with shells(fleet) as server:
        host = fleet.hosts[-1]
        client = dial(server, host)
        assert run(client, "vmware -v") == shell.answers(host)["vmware -v"]
        client.close()


def test_many_hosts_through_one_vcenter():
    fleet = shapes.many(40)
    with vcenter(fleet) as server, session(server) as si:
        hosts, _ = retrieve(si.content, vim.HostSystem, HOST_PATHS, page=25)
        vms, _ = retrieve(si.content, vim.VirtualMachine, VM_PATHS, page=100)
        assert len(hosts) == 40
        assert len(vms) == sum(len(host.vms) for host in fleet)
        clusters, _ = retrieve(si.content, vim.ComputeResource, ["name", "configurationEx"])
        assert len(clusters) == 5


def test_a_port_has_one_holder_on_every_address(monkeypatch):
    with own_port() as first:
        tried = count(first)
        monkeypatch.setattr("tests.peers.ports.random.randrange", lambda *_: next(tried))
        with own_port() as second:
            assert second > first, "it is held, though nobody listens yet"
    tried = count(first)
    with socket.create_server(("127.1.2.3", first)), own_port() as third:
        assert third > first, "somebody listens on another address of this machine"
    tried = count(first)
    with own_port() as again:
        assert again == first
