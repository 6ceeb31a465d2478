#!/usr/bin/env bash
# sushy-tools 2.2.0: the fake driver of sushy-emulator has a registry of BIOS attributes, no BIOS, and links that lead nowhere.
#
# Seen with sushy-tools 2.2.0 on Python 3.11, `sushy-emulator --fake`. Of some 27 resources that its own documents link to,
# five do not answer: a system's Memory is 404, its Storage 500, its processor 501, and both inventories of UpdateService 404.
# Registries lists BiosAttributeRegistry.v1_0_0 and answers it, but Systems/ID/BIOS is 501 and the system has no Bios
# link. There is no SessionService. So a client that walks by links must take any status for one resource and go on, and BIOS
# settings cannot be tried against it.
#
#     404 Systems/ID/Memory   500 Systems/ID/Storage   501 Systems/ID/Processors/CPU   501 Systems/ID/BIOS
set -euo pipefail
place=$(mktemp -d)
server=
trap 'kill $server 2>/dev/null || true; rm -rf "$place"' EXIT
python3 -m venv "$place/venv"
"$place/venv/bin/pip" --quiet --disable-pip-version-check install sushy-tools==2.2.0
port=$(python3 -c 'import socket; s = socket.socket(); s.bind(("127.0.0.1", 0)); print(s.getsockname()[1])')
cd "$place"
venv/bin/sushy-emulator --fake -i 127.0.0.1 --port "$port" >log 2>&1 &
server=$!
cat >walk.py <<'PYTHON'
import json, re, sys, time, urllib.error, urllib.request

BASE = f"http://127.0.0.1:{sys.argv[1]}"
UUID = re.compile(r"[0-9a-f]{8}(-[0-9a-f]{4}){3}-[0-9a-f]{12}")


def get(path):
    """Return the status and the document of a path."""
    try:
        with urllib.request.urlopen(BASE + path, timeout=10) as answer:
            return answer.status, json.load(answer)
    except urllib.error.HTTPError as error:
        return error.code, {}


def links(thing):
    if isinstance(thing, list):
        for one in thing:
            yield from links(one)
    elif isinstance(thing, dict):
        for key, value in thing.items():
            if key == "@odata.id":
                yield value.partition("#")[0]
            else:
                yield from links(value)


for _ in range(100):
    try:
        get("/redfish/v1/")
        break
    except OSError:
        time.sleep(0.2)
seen, left, system = {}, ["/redfish/v1/"], {}
while left:
    path = left.pop()
    if path in seen:
        continue
    seen[path], document = get(path)
    left += links(document)
    if re.fullmatch(r"/redfish/v1/Systems/[^/]+", path):
        system = document
seen[system["@odata.id"] + "/BIOS"], _ = get(system["@odata.id"] + "/BIOS")
seen["/redfish/v1/SessionService"], _ = get("/redfish/v1/SessionService")
told = {UUID.sub("ID", path.removeprefix("/redfish/v1/")): status for path, status in seen.items()}
wrong = {path: status for path, status in sorted(told.items()) if status != 200}
for path, status in wrong.items():
    print(status, path)
print(len(told) - len(wrong), "others answer 200; BIOS registry:", told.get("Registries/BiosAttributeRegistry.v1_0_0"))
expected = {
    "SessionService": 404, "Systems/ID/BIOS": 501, "Systems/ID/Memory": 404, "Systems/ID/Processors/CPU": 501,
    "Systems/ID/Storage": 500, "UpdateService/FirmwareInventory": 404, "UpdateService/SoftwareInventory": 404,
}
if wrong != expected or "Bios" in system or told.get("Registries/BiosAttributeRegistry.v1_0_0") != 200:
    sys.exit(f"changed: {wrong}, was {expected}")
PYTHON
python3 walk.py "$port"
