"""ties at a ceiling: who was asked in secret, what a committee decided

Revision ID: 0019
Revises: 0018
Create Date: 2026-11-23 11:05:00.000000

"""
from alembic import op
import sqlalchemy as sa


# revision identifiers, used by Alembic.
revision = '0019'
down_revision = '0018'
branch_labels = None
depends_on = None

WHOLE = sa.BigInteger().with_variant(sa.Integer(), 'sqlite')


def upgrade():
    op.create_table(
        'secret_guest',
        sa.Column('tag', sa.String(length=32), nullable=False),
        sa.Column('session', sa.String(length=64), nullable=False),
        sa.ForeignKeyConstraint(['session'], ['sealing_session.id'], name=op.f('fk_secret_guest_session_sealing_session')),
        sa.PrimaryKeyConstraint('tag', name=op.f('pk_secret_guest')))
    op.create_index(op.f('ix_secret_guest_session'), 'secret_guest', ['session'], unique=False)
    op.create_table(
        'auction_tie_decision',
        sa.Column('id', WHOLE, nullable=False),
        sa.Column('lot_id', WHOLE, nullable=False),
        sa.Column('paddle', sa.String(length=8), nullable=False),
        sa.Column('reason', sa.Text(), nullable=False),
        sa.Column('minutes', sa.String(length=64), nullable=False),
        sa.Column('asked_at', sa.BigInteger(), nullable=False),
        sa.Column('asked_by', WHOLE, nullable=False),
        sa.Column('confirmed_at', sa.BigInteger(), nullable=True),
        sa.Column('confirmed_by', WHOLE, nullable=True),
        sa.Column('refused_at', sa.BigInteger(), nullable=True),
        sa.Column('refused_by', WHOLE, nullable=True),
        sa.Column('refused_reason', sa.Text(), nullable=False),
        sa.ForeignKeyConstraint(['lot_id'], ['lot.id'], name=op.f('fk_auction_tie_decision_lot_id_lot')),
        sa.ForeignKeyConstraint(['asked_by'], ['account.id'], name=op.f('fk_auction_tie_decision_asked_by_account')),
        sa.ForeignKeyConstraint(['confirmed_by'], ['account.id'], name=op.f('fk_auction_tie_decision_confirmed_by_account')),
        sa.ForeignKeyConstraint(['refused_by'], ['account.id'], name=op.f('fk_auction_tie_decision_refused_by_account')),
        sa.PrimaryKeyConstraint('id', name=op.f('pk_auction_tie_decision')))
    op.create_index(op.f('ix_auction_tie_decision_lot_id'), 'auction_tie_decision', ['lot_id'], unique=False)


def downgrade():
    op.drop_table('auction_tie_decision')
    op.drop_table('secret_guest')
