"""Parsers of what no machine is ever asked: what people paste, for `hostcheck parse` alone.

They keep the same promise as those beside them. One that is to be asked moves up, and its request
into the list of a collector.
"""
