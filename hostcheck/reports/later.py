"""Lines that are made on one walk over the hosts and told after it, in bounded memory."""

from collections.abc import Iterable, Iterator
from tempfile import SpooledTemporaryFile
from types import TracebackType
from typing import Self

IN_MEMORY = 4 * 1024 * 1024
"""Characters; what is more lies in a file without a name."""


class Later:
    """Keeps lines in their order."""

    def __init__(self) -> None:
        self._file = SpooledTemporaryFile(  # noqa: SIM115  closed on exit
            IN_MEMORY, "w+", encoding="utf-8", errors="surrogatepass", newline="\n"
        )

    def __enter__(self) -> Self:
        """Return itself."""
        return self

    def __exit__(
        self, kind: type[BaseException] | None, error: BaseException | None,
        trace: TracebackType | None,
    ) -> None:  # fmt: skip
        """Forget the lines."""
        self._file.close()

    def add(self, lines: Iterable[str]) -> None:
        """Take lines without line breaks."""
        self._file.writelines(f"{line}\n" for line in lines)

    def __iter__(self) -> Iterator[str]:
        """Yield all that were added."""
        self._file.seek(0)
        return (line.removesuffix("\n") for line in self._file)
