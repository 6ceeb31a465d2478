"""Lines told later: in their order, as they were, however many."""

from hostcheck.reports import later


def test_lines_come_back_as_they_were(monkeypatch):
    monkeypatch.setattr(later, "IN_MEMORY", 100)
    lines = [f"{number} \r ä \u2028 \udcff" for number in range(200)] + ["", " "]
    with later.Later() as kept:
        kept.add(lines[:50])
        kept.add(iter(lines[50:]))
        assert list(kept) == lines
