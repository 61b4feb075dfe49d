"""pauses of a lot

Revision ID: 0003
Revises: 0002
Create Date: 2026-11-22 09:30:00.000000

"""
from alembic import op
import sqlalchemy as sa


# revision identifiers, used by Alembic.
revision = '0003'
down_revision = '0002'
branch_labels = None
depends_on = None

WHOLE = sa.BigInteger().with_variant(sa.Integer(), 'sqlite')


def upgrade():
    op.create_table(
        'pause',
        sa.Column('id', WHOLE, nullable=False),
        sa.Column('lot_id', WHOLE, nullable=False),
        sa.Column('cause', sa.String(length=20), nullable=False),
        sa.Column('reason', sa.Text(), nullable=False),
        sa.Column('article', sa.String(length=200), nullable=False),
        sa.Column('asked_at', sa.BigInteger(), nullable=False),
        sa.Column('asked_by', WHOLE, nullable=True),
        sa.Column('began_at', sa.BigInteger(), nullable=True),
        sa.Column('confirmed_by', WHOLE, nullable=True),
        sa.Column('lift_reason', sa.Text(), nullable=False),
        sa.Column('lift_asked_by', WHOLE, nullable=True),
        sa.Column('ended_at', sa.BigInteger(), nullable=True),
        sa.Column('ended_by', WHOLE, nullable=True),
        sa.ForeignKeyConstraint(['lot_id'], ['lot.id'], name=op.f('fk_pause_lot_id_lot')),
        *[sa.ForeignKeyConstraint([name], ['account.id'], name=op.f(f'fk_pause_{name}_account'))
          for name in ('asked_by', 'confirmed_by', 'lift_asked_by', 'ended_by')],
        sa.PrimaryKeyConstraint('id', name=op.f('pk_pause')))
    op.create_index(op.f('ix_pause_lot_id'), 'pause', ['lot_id'], unique=False)
    with op.batch_alter_table('lot') as batch:
        batch.add_column(sa.Column('paused_at', sa.BigInteger(), nullable=True))


def downgrade():
    with op.batch_alter_table('lot') as batch:
        batch.drop_column('paused_at')
    op.drop_index(op.f('ix_pause_lot_id'), 'pause')
    op.drop_table('pause')
