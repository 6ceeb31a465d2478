"""Lines that are broken at blanks."""

from hostcheck.reports import Screen


def wrapped(line: str, screen: Screen, hanging: str = "") -> str:
    """Break a line at blanks; what is wider than the screen stays whole, to be copied."""
    if len(line) <= screen.width:
        return line
    start = len(line) - len(line.lstrip())
    first, *others = line.split()
    lines, now = [], line[:start] + first
    for word in others:
        if len(now) + 1 + len(word) > screen.width:
            lines.append(now)
            now = hanging + word
        else:
            now += f" {word}"
    return "\n".join([*lines, now])
