"""Which questions travel together."""

from hostcheck.model.capture import Capture, Path, Request, Wire
from hostcheck.ways.vsphere.pages import ANSWER_BYTES, FEWEST, FIRST, MOST, Pages, kind_of

VM = Request(Wire.PROPERTIES, "VirtualMachine", "", paths=(Path("name"),))
KIND = kind_of(VM)


def announced(number):
    pages = Pages()
    pages.expect(VM.of(f"vm-{index}") for index in range(number))
    return pages


def test_a_page_holds_as_many_objects_as_make_an_answer_of_the_size_aimed_at():
    pages = announced(5000)
    assert len(pages.next(KIND)) == FIRST
    pages.weigh(KIND, FIRST, FIRST * 40_000)
    assert len(pages.next(KIND)) == ANSWER_BYTES // 40_000
    pages.weigh(KIND, 100, 100 * 10_000_000)
    assert len(pages.next(KIND)) == FEWEST
    pages.weigh(KIND, 100, 100)
    assert len(pages.next(KIND)) == MOST


def test_an_answer_without_objects_says_nothing_of_their_weight():
    pages = announced(5)
    pages.weigh(KIND, 0, 400)
    assert pages.size(KIND) == FIRST


def test_a_question_that_several_hosts_put_is_asked_once_and_kept_for_all():
    pages = Pages()
    pages.expect([VM.of("vm-1"), VM.of("vm-2"), VM.of("vm-1")])
    assert list(pages.next(KIND)) == ["vm-1", "vm-2"]
    pages.put(Capture(VM.of("vm-1"), "<xml/>"))
    assert pages.take(VM.of("vm-1")).text == "<xml/>"
    assert pages.waiting() == 1
    assert pages.take(VM.of("vm-1")).text == "<xml/>"
    assert pages.waiting() == 0
    assert pages.take(VM.of("vm-1")) is None


def test_the_question_that_is_put_leads_its_page():
    pages = announced(3)
    assert list(pages.next(KIND, VM.of("vm-99"))) == ["vm-99", "vm-0", "vm-1", "vm-2"]
