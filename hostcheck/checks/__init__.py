"""What is judged: one file per family, one function per check, its docstring the manual page."""
