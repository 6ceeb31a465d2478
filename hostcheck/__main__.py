"""`python -m hostcheck`."""

from hostcheck.cli import main

main()
