"""live bidding: auctions, paddles, bids, events, answers

Revision ID: 0017
Revises: 0016
Create Date: 2026-11-23 09:45:00.000000

"""
from alembic import op
import sqlalchemy as sa


# revision identifiers, used by Alembic.
revision = '0017'
down_revision = '0016'
branch_labels = None
depends_on = None

WHOLE = sa.BigInteger().with_variant(sa.Integer(), 'sqlite')
TABLES = ('auction_link', 'auction_consent', 'auction_paddle', 'auction_bid', 'auction_answer', 'auction_event', 'auction')


def upgrade():
    op.create_table(
        'auction_event',
        sa.Column('room', sa.String(length=23), nullable=False),
        sa.Column('seq', WHOLE, autoincrement=False, nullable=False),
        sa.Column('body', sa.Text(), nullable=False),
        sa.Column('marks', sa.LargeBinary(), nullable=False),
        sa.PrimaryKeyConstraint('room', 'seq', name=op.f('pk_auction_event')))
    op.create_table(
        'auction',
        sa.Column('lot_id', WHOLE, autoincrement=False, nullable=False),
        sa.Column('room', sa.String(length=23), nullable=False),
        sa.Column('terms', sa.JSON(), nullable=False),
        sa.Column('standing', sa.JSON(), nullable=False),
        sa.Column('seq', WHOLE, nullable=False),
        sa.Column('due_at', WHOLE, nullable=True),
        sa.Column('ended_at', sa.BigInteger(), nullable=True),
        sa.Column('outcome', sa.JSON(), nullable=True),
        sa.Column('marks', sa.LargeBinary(), nullable=False),
        sa.ForeignKeyConstraint(['lot_id'], ['lot.id'], name=op.f('fk_auction_lot_id_lot')),
        sa.PrimaryKeyConstraint('lot_id', name=op.f('pk_auction')),
        sa.UniqueConstraint('room', name=op.f('uq_auction_room')))
    op.create_index(op.f('ix_auction_due_at'), 'auction', ['due_at'], unique=False)
    op.create_table(
        'auction_answer',
        sa.Column('tag', sa.String(length=64), nullable=False),
        sa.Column('lot_id', WHOLE, nullable=False),
        sa.Column('asked', sa.String(length=64), nullable=False),
        sa.Column('number', WHOLE, nullable=True),
        sa.Column('content', sa.JSON(), nullable=False),
        sa.Column('at', sa.BigInteger(), nullable=False),
        sa.Column('marks', sa.LargeBinary(), nullable=False),
        sa.ForeignKeyConstraint(['lot_id'], ['lot.id'], name=op.f('fk_auction_answer_lot_id_lot')),
        sa.PrimaryKeyConstraint('tag', name=op.f('pk_auction_answer')))
    op.create_index(op.f('ix_auction_answer_lot_id'), 'auction_answer', ['lot_id'], unique=False)
    op.create_table(
        'auction_bid',
        sa.Column('lot_id', WHOLE, autoincrement=False, nullable=False),
        sa.Column('number', WHOLE, autoincrement=False, nullable=False),
        sa.Column('paddle', sa.String(length=8), nullable=False),
        sa.Column('fen', WHOLE, nullable=False),
        sa.Column('phase', sa.String(length=20), nullable=False),
        sa.Column('at', sa.BigInteger(), nullable=False),
        sa.Column('signature', sa.String(length=128), nullable=False),
        sa.Column('by_host', sa.Boolean(), nullable=False),
        sa.Column('evidence', WHOLE, nullable=False),
        sa.Column('marks', sa.LargeBinary(), nullable=False),
        sa.ForeignKeyConstraint(['lot_id'], ['lot.id'], name=op.f('fk_auction_bid_lot_id_lot')),
        sa.PrimaryKeyConstraint('lot_id', 'number', name=op.f('pk_auction_bid')))
    op.create_table(
        'auction_consent',
        sa.Column('tag', sa.String(length=32), nullable=False),
        sa.Column('lot_id', WHOLE, nullable=False),
        sa.Column('box', sa.LargeBinary(), nullable=False),
        sa.ForeignKeyConstraint(['lot_id'], ['lot.id'], name=op.f('fk_auction_consent_lot_id_lot')),
        sa.PrimaryKeyConstraint('tag', name=op.f('pk_auction_consent')))
    op.create_index(op.f('ix_auction_consent_lot_id'), 'auction_consent', ['lot_id'], unique=False)
    op.create_table(
        'auction_paddle',
        sa.Column('id', WHOLE, nullable=False),
        sa.Column('lot_id', WHOLE, nullable=False),
        sa.Column('number', sa.String(length=8), nullable=True),
        sa.Column('public', sa.String(length=64), nullable=False),
        sa.Column('owner_tag', sa.String(length=32), nullable=False),
        sa.Column('box', sa.LargeBinary(), nullable=False),
        sa.Column('organisation_id', WHOLE, nullable=True),
        sa.ForeignKeyConstraint(['lot_id'], ['lot.id'], name=op.f('fk_auction_paddle_lot_id_lot')),
        sa.ForeignKeyConstraint(['organisation_id'], ['organisation.id'], name=op.f('fk_auction_paddle_organisation_id_organisation')),
        sa.PrimaryKeyConstraint('id', name=op.f('pk_auction_paddle')),
        sa.UniqueConstraint('lot_id', 'number', name='uq_auction_paddle_number'),
        sa.UniqueConstraint('owner_tag', name=op.f('uq_auction_paddle_owner_tag')))
    op.create_index(op.f('ix_auction_paddle_lot_id'), 'auction_paddle', ['lot_id'], unique=False)
    op.create_table(
        'auction_link',
        sa.Column('paddle_id', WHOLE, autoincrement=False, nullable=False),
        sa.Column('lot_id', WHOLE, nullable=False),
        sa.Column('heard_at', sa.BigInteger(), nullable=False),
        sa.ForeignKeyConstraint(['lot_id'], ['lot.id'], name=op.f('fk_auction_link_lot_id_lot')),
        sa.ForeignKeyConstraint(['paddle_id'], ['auction_paddle.id'], name=op.f('fk_auction_link_paddle_id_auction_paddle')),
        sa.PrimaryKeyConstraint('paddle_id', name=op.f('pk_auction_link')))
    op.create_index(op.f('ix_auction_link_lot_id'), 'auction_link', ['lot_id'], unique=False)


def downgrade():
    for table in TABLES:
        op.drop_table(table)
