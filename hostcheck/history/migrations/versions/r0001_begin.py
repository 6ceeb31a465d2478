"""Runs, hosts, findings, and their changes."""

import sqlalchemy as sa
from alembic import op

revision = "0001"
down_revision = None


def upgrade() -> None:
    """Make the tables."""
    op.create_table(
        "hostcheck_run",
        sa.Column("instant", sa.BigInteger, primary_key=True, autoincrement=False),
        sa.Column("mark", sa.String, nullable=False, unique=True),
        sa.Column("tool", sa.String, nullable=False),
        sa.Column("catalogue", sa.String, nullable=False),
        sa.Column("target", sa.String, nullable=False),
        sa.Column("seen", sa.LargeBinary, nullable=False),
    )
    op.create_table(
        "hostcheck_host",
        sa.Column("id", sa.Integer, primary_key=True, autoincrement=False),
        sa.Column("name", sa.String, nullable=False),
        sa.Column("vcenter", sa.String, nullable=False),
        sa.Column("cluster", sa.String, nullable=False),
        sa.Column("first", sa.BigInteger, nullable=False),
        sa.Column("digest", sa.LargeBinary, nullable=False),
        sa.UniqueConstraint("name", "vcenter"),
    )
    op.create_table(
        "hostcheck_track",
        sa.Column("id", sa.Integer, primary_key=True, autoincrement=False),
        sa.Column("host", sa.Integer, nullable=False),
        sa.Column("check_id", sa.String, nullable=False),
        sa.Column("kind", sa.String, nullable=False),
        sa.Column("subject", sa.String, nullable=False),
        sa.Column("name", sa.String, nullable=False),
        sa.Column("severity", sa.String, nullable=False),
        sa.Column("state", sa.String, nullable=False),
        sa.Column("waived", sa.Boolean, nullable=False),
        sa.Column("since", sa.BigInteger),
    )
    op.create_index("hostcheck_track_host", "hostcheck_track", ["host"])
    op.create_table(
        "hostcheck_change",
        sa.Column("track", sa.Integer, primary_key=True, autoincrement=False),
        sa.Column("instant", sa.BigInteger, primary_key=True, autoincrement=False),
        sa.Column("severity", sa.String, nullable=False),
        sa.Column("state", sa.String, nullable=False),
        sa.Column("waived", sa.Boolean, nullable=False),
        sa.Column("since", sa.BigInteger),
        sqlite_with_rowid=False,
    )
