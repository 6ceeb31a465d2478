"""Which parser reads the answer to a question: for `hostcheck parse` and for the pages of docs."""

import importlib
import pkgutil
import re
from collections.abc import Callable
from functools import cache
from typing import Any

import hostcheck.parsers
import hostcheck.parsers.unasked
from hostcheck.errors import ParseError, UsageError
from hostcheck.model.capture import Request
from hostcheck.near import near

_PIPE = re.compile(r"(?<!\s)\s*(\||>|2>).*$")
_FORMATTER = re.compile(r"\s--formatter[= ]\w+")
_SLOT = re.compile(r"\\\{\w+\\\}")
_ONE_NIC = re.compile(r"\s-n \S+$")
_ONE_GPU = re.compile(r"\s(?:-i|--id|-d|--display)[= ]\S+")
_QUERY_GPU = re.compile(r"(nvidia-smi .*?--query-gpu=)\S+(?:\s+--format=\S+)?.*")
_ALIKE = {
    "vmware -vl": "vmware -v", "vmware -lv": "vmware -v", "vmware -l -v": "vmware -v",
    "vmware -v -l": "vmware -v", "lspci -v": "lspci", "esxcfg-info -a": "esxcfg-info",
}  # fmt: skip
"""Longer forms of an answer, which the parser of the shorter one reads."""
_LONG = {"--query": "-q", "--xml-format": "-x", "--list-gpus": "-l"}


@cache
def parsers() -> tuple[tuple[Request, Callable[[str], Any]], ...]:
    """Return every question and the function that reads its answer, sorted by question."""
    found = []
    for package in (hostcheck.parsers, hostcheck.parsers.unasked):
        for module in pkgutil.iter_modules(package.__path__):
            if module.ispkg:
                continue
            loaded = importlib.import_module(f"{package.__name__}.{module.name}")
            requests = loaded.REQUEST if isinstance(loaded.REQUEST, tuple) else (loaded.REQUEST,)
            found += [(request, loaded.parse) for request in requests]
    return tuple(sorted(found, key=lambda one: (one[0].template.lower(), one[0].subject)))


def parse(question: str, text: str) -> tuple[str, Any]:
    """Return the question that was recognised, and the facts.

    Spelling is forgiven: letter case, blanks, a formatter, a pipe behind it, one GPU's `-i`, the
    order of nvidia-smi's options, another list of fields. Raises UsageError when no question is
    meant, or the text is not its answer.
    """
    wanted = _canonical(question)
    for request, read in parsers():
        pattern = _SLOT.sub(r"\\S+", re.escape(_canonical(request.template)))
        if re.fullmatch(pattern + "/?", wanted):
            try:
                return request.template, read(text)
            except ParseError as error:
                raise UsageError(str(error)) from None
    names = list(dict.fromkeys(request.template for request, _ in parsers()))
    like = near(wanted, names)
    hint = f"; did you mean {' or '.join(map(repr, like))}?" if like else ""
    raise UsageError(f"no request is called {question!r}{hint} (`hostcheck requests` lists them)")


def _canonical(question: str) -> str:
    """Return a spelling in which equal questions are equal texts."""
    words = " ".join(_FORMATTER.sub("", _PIPE.sub("", question.strip())).split()).lower()
    words = re.sub(r"^localcli ", "esxcli ", re.sub(r"^(?:/\w+)*/(?=\w)", "", words))
    if not words.startswith("nvidia-smi"):
        words = _ALIKE.get(words, words)
        return _ONE_NIC.sub("", words).removesuffix("/")
    words = _QUERY_GPU.sub(r"\1...", _ONE_GPU.sub("", words))
    first, *options = (_LONG.get(word, word) for word in words.split())
    verb = [word for word in options if not word.startswith("-")]
    return " ".join([first, *verb, *sorted(word for word in options if word.startswith("-"))])
