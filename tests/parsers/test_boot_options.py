"""`esxcli system settings kernel list`: every format, and what is no such list."""

import pytest

from hostcheck.errors import ParseError
from hostcheck.model.fact import Unknown, Why
from hostcheck.parsers.esxcli_system_settings_kernel_list import parse
from tests.peers import esxcli, shapes, shell
from tests.peers.fleet import HostShape

REAL = """\
Name  Type  Configured  Runtime  Default  Description
----  ----  ----------  -------  -------  -----------
vga   Bool  FALSE       TRUE     TRUE     Enable/Disable VGA support.
"""
"""As a user of ESXi 8.0 printed one option."""
HOST: HostShape = shapes.HOSTS["2n-2xA100-80-esxi803"]
TABLE = shell.table(esxcli.kernel_rows(HOST))


def options(text):
    return {one.name: one for one in parse(text)}


def test_what_is_in_force_and_what_is_set():
    (one,) = parse(REAL)
    assert (one.name, one.configured, one.runtime, one.default) == ("vga", "FALSE", "TRUE", "TRUE")


def test_a_whole_list():
    found = options(TABLE)
    assert len(found) == len(esxcli.KERNEL)
    assert found["noIOMMU"].runtime == "FALSE"
    assert found["pciBarAllocPolicy"].default == "2"


def test_an_option_that_has_no_value():
    one = options(TABLE)["BOOTUUID"]
    assert isinstance(one.configured, Unknown)
    assert one.configured.why is Why.ABSENT
    assert one.runtime == "a56b7ce670d046bebb870a1ff53db322"


@pytest.mark.parametrize(
    ("name", "column"),
    [
        ("createNoMemFakeNUMAnode", "runtime"),
        ("noIOMMU", "configured"),
        ("fakeNUMAnodes", "runtime"),
    ],
)
@pytest.mark.parametrize("words", ["x", "?", "FALS"])
def test_a_word_that_is_none_of_its_type_is_no_value(name, column, words):
    lines = TABLE.splitlines()
    at = next(index for index, line in enumerate(lines) if line.startswith(f"{name} "))
    start = lines[0].index(column.capitalize())
    end = lines[0].index(" ", start)
    lines[at] = lines[at][:start] + words.ljust(end - start) + lines[at][end:]
    value = getattr(options("\n".join(lines))[name], column)
    assert isinstance(value, Unknown)
    assert value.why is Why.UNPARSED


def test_the_api_says_the_same():
    over_api = esxcli.answers(HOST)["system.settings.kernel.list"]
    assert sorted(parse(over_api), key=lambda one: one.name) == sorted(
        parse(TABLE), key=lambda one: one.name
    )


def test_json():
    text = (
        '[{"Configured": "FALSE", "Default": "FALSE", "Description": "d", "Name": "noIOMMU",'
        ' "Runtime": "TRUE", "Type": "Bool"}]'
    )
    assert options(text)["noIOMMU"].runtime == "TRUE"


def test_a_list_that_was_cut_tells_no_wrong_value():
    whole = options(TABLE)
    for left in range(1, len(TABLE)):
        try:
            cut = options(TABLE[:left])
        except ParseError:
            continue
        assert cut.items() <= whole.items(), TABLE[:left]


@pytest.mark.parametrize(
    "text",
    [
        "", "\n", "sh: esxcli: not found", REAL + REAL.splitlines()[2] + "\n",
        REAL.replace("vga ", "    "), REAL.replace("Enable/Disable VGA support.", ""),
        "Error: Unknown command or namespace system settings kernel list",
    ],
)  # fmt: skip
def test_what_is_no_list_of_options(text):
    with pytest.raises(ParseError):
        parse(text)
