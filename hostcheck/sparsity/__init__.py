"""2:4 sparsity of weights, on a CPU: the format, what pruning loses, what a permutation saves.

Needs numpy (the extra `sparsity`); nothing outside this package imports it.
"""
