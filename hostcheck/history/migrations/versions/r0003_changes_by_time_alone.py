"""All that is counted of changes in the index by time: a question opens no row of them."""

from alembic import op

revision = "0003"
down_revision = "0002"


def upgrade() -> None:
    """Make the index anew."""
    op.drop_index("hostcheck_change_instant", "hostcheck_change")
    op.create_index(
        "hostcheck_change_instant", "hostcheck_change", ["instant", "track", "state", "since"]
    )
