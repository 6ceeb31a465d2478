"""What only a preflight asks: what a host offers to a VM, and what vCenter thinks of a start."""

from hostcheck.assemble.book import Book, Parsed
from hostcheck.model.fact import Fact, Reading, Unknown, Why
from hostcheck.model.opinion import Opinion, Said
from hostcheck.parsers import (
    vim_check_task,
    vim_config_option,
    vim_config_target,
    vim_cpu_features,
)
from hostcheck.parsers.vim_check_task import Checked
from hostcheck.parsers.vim_config_option import ConfigOption
from hostcheck.parsers.vim_config_target import ConfigTarget

LEFT_OUT = "vCenter left this host out: it tests hosts that are connected, not in maintenance mode"


def target_of(book: Book) -> Parsed[ConfigTarget]:
    """Read what the host offers."""
    for capture in book.answers(vim_config_target.REQUEST):
        return book.read(capture.request, vim_config_target.parse)
    return book.read(vim_config_target.REQUEST, vim_config_target.parse)


def option_of(book: Book) -> Parsed[ConfigOption]:
    """Read how many vGPUs a VM may have."""
    for capture in book.answers(vim_config_option.REQUEST):
        return book.read(capture.request, vim_config_option.parse)
    return book.read(vim_config_option.REQUEST, vim_config_option.parse)


def cpu_features_of(book: Book, host_id: str) -> Fact[dict[str, str]]:
    """Read which processor features a candidate has."""
    answer = book.read(vim_cpu_features.of_host(host_id), vim_cpu_features.parse_host)
    return answer.fact(lambda one: one)


def cpu_features_wanted(book: Book, vm_id: str) -> Fact[dict[str, str]]:
    """Read which of them the VM of a preflight requires."""
    answer = book.read(vim_cpu_features.of_vm(vm_id), vim_cpu_features.parse)
    return answer.fact(lambda one: one)


def opinions_of(book: Book, host_id: str) -> tuple[Opinion, ...]:
    """Read what vCenter said of each VM that it was asked about, on this host."""
    found = []
    for request in vim_check_task.REQUEST:
        for capture in book.answers(request):
            vm_id = capture.request.about.partition(" ")[0]
            answer = book.read(capture.request, vim_check_task.parse)
            found.append(Opinion(vm_id, answer.fact(lambda one: _said(one, host_id))))
    return tuple(found)


def _said(checked: Checked, host_id: str) -> Reading[Said]:
    if isinstance(checked.hosts, Unknown):
        return checked.hosts
    here = [one.said for one in checked.hosts if one.host_id in ("", host_id)]
    if not here:
        return Unknown(Why.ABSENT, LEFT_OUT, "CheckResult.host")
    return here[0]
