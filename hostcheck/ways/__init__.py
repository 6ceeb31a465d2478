"""Ways to put a question: over vSphere, over SSH, from a recording. One seam, `base.Transport`."""
