"""Changes by time: a question about a window reads the window, however long the history is."""

from alembic import op

revision = "0002"
down_revision = "0001"


def upgrade() -> None:
    """Make the index."""
    op.create_index("hostcheck_change_instant", "hostcheck_change", ["instant"])
