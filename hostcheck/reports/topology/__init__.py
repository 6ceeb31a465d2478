"""One host as places and distances: each module is a format of its report."""
