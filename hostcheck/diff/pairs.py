"""Two runs host by host."""

from collections.abc import Iterator

from hostcheck.diff.story import Glance, Story


def pairs(then: Story, now: Story) -> Iterator[tuple[Glance | None, Glance | None]]:
    """Yield each host as it was and as it is, both runs being in the order of names."""
    stories = (then.hosts(), now.hosts())
    heads = [next(one, None) for one in stories]
    while left := [one.who for one in heads if one is not None]:
        who = min(left)
        pair = [one if one is not None and one.who == who else None for one in heads]
        for at, glance in enumerate(pair):
            if glance is not None:
                heads[at] = next(stories[at], None)
        yield pair[0], pair[1]
