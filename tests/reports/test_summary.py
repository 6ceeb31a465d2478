"""What every report says of a run, whatever its format."""

import pytest
from msgspec.structs import replace

from hostcheck.reports import html, summary, text
from tests.reports.builders import one_host


@pytest.mark.parametrize(
    ("edition", "asked", "words", "warns"),
    [
        ("2026-08-22", "2026-11-21T08:01:26Z", "91 days old", False),
        ("2026-11-20", "2026-11-21T08:01:26Z", "1 day old", False),
        ("2026-11-22", "2026-11-21T08:01:26Z", "newer than the answers", False),
        ("2026-08-22", "2027-02-18T00:00:00Z", "180 days old", False),
        ("2026-08-22", "2027-02-19T00:00:00Z", "181 days old", True),
        ("2026-08-22", "", "2026-08-22", False),
        ("no date", "2026-11-21T08:01:26Z", "no date", False),
    ],
)
def test_the_age_of_the_catalogue_counts_to_the_answers(edition, asked, words, warns):
    made = replace(one_host(), catalogue_edition=edition, last_answer_at=asked)
    assert words in summary.catalogue(made)
    assert any("catalogue was" in one for one in summary.notices(made)) is warns
    for rendered in (text.render(made, width=100, colour=False), html.render(made)):
        assert words in rendered
        assert ("update hostcheck" in rendered) is warns
