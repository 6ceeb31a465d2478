"""A host beside its siblings, in its formats."""
