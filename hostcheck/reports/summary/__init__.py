"""What a run comes to. `whole` makes all of it; who tells a part imports that part alone."""
