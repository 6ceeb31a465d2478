"""`python -m hostcheck`."""

from hostcheck.cli import main

if __name__ == "__main__":  # a process beside this one reads this file too
    main()
