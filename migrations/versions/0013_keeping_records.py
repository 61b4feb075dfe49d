"""keeping records: case files, retention, holds, loans, disposal, search of sealed cases

Revision ID: 0013
Revises: 0012
Create Date: 2026-11-22 19:00:00.000000

"""
from alembic import op
import sqlalchemy as sa


# revision identifiers, used by Alembic.
revision = '0013'
down_revision = '0012'
branch_labels = None
depends_on = None

WHOLE = sa.BigInteger().with_variant(sa.Integer(), 'sqlite')


def _lot(table):
    return sa.ForeignKeyConstraint(['lot_id'], ['lot.id'], name=op.f(f'fk_{table}_lot_id_lot'))


def _account(table, column):
    return sa.ForeignKeyConstraint([column], ['account.id'], name=op.f(f'fk_{table}_{column}_account'))


def _piece(table):
    return sa.ForeignKeyConstraint(['piece_id'], ['archive_piece.id'], name=op.f(f'fk_{table}_piece_id_archive_piece'))


def upgrade():
    with op.batch_alter_table('archive_pack') as batch:
        batch.add_column(sa.Column('disposed_at', sa.BigInteger(), nullable=True))
        batch.create_index(op.f('ix_archive_pack_keep_until'), ['keep_until'])
    op.create_table(
        'archive_case_file',
        sa.Column('lot_id', WHOLE, nullable=False),
        sa.Column('number', sa.String(length=60), nullable=False),
        sa.Column('fonds', sa.String(length=20), nullable=False),
        sa.Column('category', sa.String(length=4), nullable=False),
        sa.Column('year', WHOLE, nullable=False),
        sa.Column('serial', WHOLE, nullable=False),
        sa.Column('retention', sa.String(length=20), nullable=False),
        sa.Column('numbered_at', sa.BigInteger(), nullable=False),
        sa.Column('indexed_at', sa.BigInteger(), nullable=True),
        _lot('archive_case_file'),
        sa.PrimaryKeyConstraint('lot_id', name=op.f('pk_archive_case_file')),
        sa.UniqueConstraint('number', name=op.f('uq_archive_case_file_number')),
        sa.UniqueConstraint('fonds', 'category', 'year', 'serial', name='uq_archive_case_file_serial'))
    op.create_table(
        'archive_retention_change',
        sa.Column('id', WHOLE, nullable=False),
        sa.Column('lot_id', WHOLE, nullable=False),
        sa.Column('before', sa.String(length=20), nullable=False),
        sa.Column('after', sa.String(length=20), nullable=False),
        sa.Column('reason', sa.Text(), nullable=False),
        sa.Column('asked_at', sa.BigInteger(), nullable=False),
        sa.Column('asked_by', WHOLE, nullable=False),
        sa.Column('decided_at', sa.BigInteger(), nullable=True),
        sa.Column('decided_by', WHOLE, nullable=True),
        sa.Column('decision', sa.String(length=20), nullable=False),
        sa.Column('note', sa.Text(), nullable=False),
        _lot('archive_retention_change'), _account('archive_retention_change', 'asked_by'), _account('archive_retention_change', 'decided_by'),
        sa.PrimaryKeyConstraint('id', name=op.f('pk_archive_retention_change')))
    op.create_index(op.f('ix_archive_retention_change_lot_id'), 'archive_retention_change', ['lot_id'])
    op.create_table(
        'archive_hold',
        sa.Column('id', WHOLE, nullable=False),
        sa.Column('lot_id', WHOLE, nullable=False),
        sa.Column('cause', sa.String(length=20), nullable=False),
        sa.Column('document', sa.String(length=120), nullable=False),
        sa.Column('ground', sa.Text(), nullable=False),
        sa.Column('placed_at', sa.BigInteger(), nullable=False),
        sa.Column('placed_by', WHOLE, nullable=False),
        sa.Column('release_reason', sa.Text(), nullable=False),
        sa.Column('released_at', sa.BigInteger(), nullable=True),
        sa.Column('released_by', WHOLE, nullable=True),
        _lot('archive_hold'), _account('archive_hold', 'placed_by'), _account('archive_hold', 'released_by'),
        sa.PrimaryKeyConstraint('id', name=op.f('pk_archive_hold')))
    op.create_index(op.f('ix_archive_hold_lot_id'), 'archive_hold', ['lot_id'])
    op.create_table(
        'archive_loan',
        sa.Column('id', WHOLE, nullable=False),
        sa.Column('lot_id', WHOLE, nullable=False),
        sa.Column('piece_id', WHOLE, nullable=True),
        sa.Column('borrower', sa.String(length=20), nullable=False),
        sa.Column('account_id', WHOLE, nullable=True),
        sa.Column('name', sa.String(length=200), nullable=False),
        sa.Column('document', sa.String(length=120), nullable=False),
        sa.Column('purpose', sa.Text(), nullable=False),
        sa.Column('days', WHOLE, nullable=False),
        sa.Column('asked_at', sa.BigInteger(), nullable=False),
        sa.Column('decided_at', sa.BigInteger(), nullable=True),
        sa.Column('decided_by', WHOLE, nullable=True),
        sa.Column('refusal', sa.Text(), nullable=False),
        sa.Column('expires_at', sa.BigInteger(), nullable=True),
        sa.Column('returned_at', sa.BigInteger(), nullable=True),
        _lot('archive_loan'), _piece('archive_loan'), _account('archive_loan', 'account_id'), _account('archive_loan', 'decided_by'),
        sa.PrimaryKeyConstraint('id', name=op.f('pk_archive_loan')))
    for column in ('account_id', 'expires_at', 'lot_id'):
        op.create_index(op.f(f'ix_archive_loan_{column}'), 'archive_loan', [column])
    op.create_table(
        'archive_disposal',
        sa.Column('id', WHOLE, nullable=False),
        sa.Column('opinion', sa.Text(), nullable=False),
        sa.Column('proposed_at', sa.BigInteger(), nullable=False),
        sa.Column('proposed_by', WHOLE, nullable=False),
        sa.Column('decided_at', sa.BigInteger(), nullable=True),
        sa.Column('decided_by', WHOLE, nullable=True),
        sa.Column('decision', sa.String(length=20), nullable=False),
        sa.Column('note', sa.Text(), nullable=False),
        sa.Column('due_at', sa.BigInteger(), nullable=True),
        _account('archive_disposal', 'proposed_by'), _account('archive_disposal', 'decided_by'),
        sa.PrimaryKeyConstraint('id', name=op.f('pk_archive_disposal')))
    op.create_index(op.f('ix_archive_disposal_due_at'), 'archive_disposal', ['due_at'])
    op.create_table(
        'archive_disposal_item',
        sa.Column('disposal_id', WHOLE, nullable=False),
        sa.Column('lot_id', WHOLE, nullable=False),
        sa.Column('live', sa.Boolean(), nullable=True),
        sa.Column('stopped_at', sa.BigInteger(), nullable=True),
        sa.Column('stopped_why', sa.Text(), nullable=False),
        sa.Column('begun_at', sa.BigInteger(), nullable=True),
        sa.Column('finished_at', sa.BigInteger(), nullable=True),
        sa.Column('record', sa.JSON(), nullable=True),
        sa.ForeignKeyConstraint(['disposal_id'], ['archive_disposal.id'], name=op.f('fk_archive_disposal_item_disposal_id_archive_disposal')),
        _lot('archive_disposal_item'),
        sa.PrimaryKeyConstraint('disposal_id', 'lot_id', name=op.f('pk_archive_disposal_item')),
        sa.UniqueConstraint('lot_id', 'live', name='uq_archive_disposal_item_live'))
    op.create_table(
        'archive_removed_file',
        sa.Column('stored', sa.String(length=40), nullable=False),
        sa.Column('lot_id', WHOLE, nullable=False),
        sa.Column('sha256', sa.String(length=64), nullable=False),
        sa.Column('removed_at', sa.BigInteger(), nullable=False),
        _lot('archive_removed_file'),
        sa.PrimaryKeyConstraint('stored', name=op.f('pk_archive_removed_file')))
    op.create_index(op.f('ix_archive_removed_file_lot_id'), 'archive_removed_file', ['lot_id'])
    op.create_table(
        'archive_stamp_override',
        sa.Column('id', WHOLE, nullable=False),
        sa.Column('lot_id', WHOLE, nullable=False),
        sa.Column('authority', sa.String(length=300), nullable=False),
        sa.Column('ground', sa.Text(), nullable=False),
        sa.Column('asked_at', sa.BigInteger(), nullable=False),
        sa.Column('asked_by', WHOLE, nullable=False),
        sa.Column('decided_at', sa.BigInteger(), nullable=True),
        sa.Column('decided_by', WHOLE, nullable=True),
        sa.Column('decision', sa.String(length=20), nullable=False),
        sa.Column('note', sa.Text(), nullable=False),
        _lot('archive_stamp_override'), _account('archive_stamp_override', 'asked_by'), _account('archive_stamp_override', 'decided_by'),
        sa.PrimaryKeyConstraint('id', name=op.f('pk_archive_stamp_override')))
    op.create_index(op.f('ix_archive_stamp_override_lot_id'), 'archive_stamp_override', ['lot_id'])
    op.create_table(
        'archive_text',
        sa.Column('id', WHOLE, nullable=False),
        sa.Column('lot_id', WHOLE, nullable=False),
        sa.Column('piece_id', WHOLE, nullable=True),
        sa.Column('part', sa.String(length=20), nullable=False),
        sa.Column('title', sa.String(length=200), nullable=False),
        sa.Column('text', sa.Text(), nullable=False),
        _lot('archive_text'), _piece('archive_text'),
        sa.PrimaryKeyConstraint('id', name=op.f('pk_archive_text')))
    for column in ('lot_id', 'part'):
        op.create_index(op.f(f'ix_archive_text_{column}'), 'archive_text', [column])
    # The full-text index, one kind for each database; the models do not know it.
    if op.get_bind().dialect.name == 'postgresql':
        op.execute("CREATE TABLE archive_index (rowid bigint PRIMARY KEY, tokens tsvector NOT NULL)")
        op.execute("CREATE INDEX ix_archive_index_tokens ON archive_index USING gin (tokens)")
    else:
        op.execute("CREATE VIRTUAL TABLE archive_index USING fts5(tokens)")


def downgrade():
    op.execute("DROP TABLE archive_index")
    for table in ('archive_text', 'archive_stamp_override', 'archive_removed_file', 'archive_disposal_item', 'archive_disposal', 'archive_loan',
                  'archive_hold', 'archive_retention_change', 'archive_case_file'):
        op.drop_table(table)
    with op.batch_alter_table('archive_pack') as batch:
        batch.drop_index(op.f('ix_archive_pack_keep_until'))
        batch.drop_column('disposed_at')
