"""a log that goes on under another name

Revision ID: 0016
Revises: 0015
Create Date: 2026-11-22 22:45:00.000000

"""
from alembic import op
import sqlalchemy as sa


# revision identifiers, used by Alembic.
revision = '0016'
down_revision = '0015'
branch_labels = None
depends_on = None

WHOLE = sa.BigInteger().with_variant(sa.Integer(), 'sqlite')


def upgrade():
    op.create_table(
        'log_continuation',
        sa.Column('id', WHOLE, nullable=False),
        sa.Column('seen', sa.JSON(), nullable=False),
        sa.Column('reason', sa.Text(), nullable=False),
        sa.Column('reseal_days', WHOLE, nullable=False),
        sa.Column('asked_at', sa.BigInteger(), nullable=False),
        sa.Column('asked_by', WHOLE, nullable=False),
        sa.Column('decided_at', sa.BigInteger(), nullable=True),
        sa.Column('decided_by', WHOLE, nullable=True),
        sa.Column('decision', sa.String(length=20), nullable=False),
        sa.Column('note', sa.Text(), nullable=False),
        sa.Column('seq', WHOLE, nullable=True),
        sa.ForeignKeyConstraint(['asked_by'], ['account.id'], name=op.f('fk_log_continuation_asked_by_account')),
        sa.ForeignKeyConstraint(['decided_by'], ['account.id'], name=op.f('fk_log_continuation_decided_by_account')),
        sa.PrimaryKeyConstraint('id', name=op.f('pk_log_continuation')))


def downgrade():
    op.drop_table('log_continuation')
