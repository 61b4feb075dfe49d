"""rounds of offers: openings by session, guests of a session, minutes; draws by purpose

Revision ID: 0009
Revises: 0008
Create Date: 2026-11-22 12:20:00.000000

"""
from alembic import op
import sqlalchemy as sa


# revision identifiers, used by Alembic.
revision = '0009'
down_revision = '0008'
branch_labels = None
depends_on = None

WHOLE = sa.BigInteger().with_variant(sa.Integer(), 'sqlite')

KEPT = ('lot_id', 'session', 'closed_at', 'window_ends', 'count', 'window_closed_at', 'opened_at', 'record', 'record_signature')


def _columns(*first):
    return (
        *first,
        sa.Column('closed_at', sa.BigInteger(), nullable=False),
        sa.Column('window_ends', sa.BigInteger(), nullable=False),
        sa.Column('count', WHOLE, nullable=False),
        sa.Column('window_closed_at', sa.BigInteger(), nullable=True),
        sa.Column('opened_at', sa.BigInteger(), nullable=True),
        sa.Column('record', sa.JSON(), nullable=True),
        sa.Column('record_signature', sa.String(length=100), nullable=False),
        sa.ForeignKeyConstraint(['lot_id'], ['lot.id'], name=op.f('fk_opening_lot_id_lot')),
        sa.ForeignKeyConstraint(['session'], ['sealing_session.id'], name=op.f('fk_opening_session_sealing_session')))


def _opening():
    return sa.table('opening', sa.column('lot_id'), sa.column('session'), sa.column('envelope'), sa.column('closed_at'),
                    sa.column('window_ends'), sa.column('count'), sa.column('window_closed_at'), sa.column('opened_at'),
                    sa.column('record', sa.JSON), sa.column('record_signature'))


def _rows(where=None):
    table = _opening()
    query = sa.select(*(table.c[name] for name in KEPT))
    return [dict(row._mapping) for row in op.get_bind().execute(query if where is None else query.where(where(table)))]


def upgrade():
    # The key becomes the session: a lot may have several openings. The rows are few, one per opened lot.
    rows = _rows()
    op.drop_table('opening')
    op.create_table('opening', *_columns(
        sa.Column('session', sa.String(length=64), nullable=False),
        sa.Column('lot_id', WHOLE, nullable=False),
        sa.Column('envelope', sa.String(length=20), nullable=False)),
        sa.PrimaryKeyConstraint('session', name=op.f('pk_opening')))
    op.create_index(op.f('ix_opening_lot_id'), 'opening', ['lot_id'], unique=False)
    if rows:
        op.bulk_insert(_opening(), [row | {'envelope': 'bid'} for row in rows])
    op.add_column('opened_bid', sa.Column('envelope', sa.String(length=20), nullable=False, server_default='bid'))
    with op.batch_alter_table('opened_bid') as batch:
        batch.alter_column('envelope', server_default=None)
    op.add_column('evaluation', sa.Column('offers_at', sa.BigInteger(), nullable=True))
    op.create_table(
        'session_guest',
        sa.Column('session', sa.String(length=64), nullable=False),
        sa.Column('organisation_id', WHOLE, nullable=False),
        sa.ForeignKeyConstraint(['organisation_id'], ['organisation.id'], name=op.f('fk_session_guest_organisation_id_organisation')),
        sa.ForeignKeyConstraint(['session'], ['sealing_session.id'], name=op.f('fk_session_guest_session_sealing_session')),
        sa.PrimaryKeyConstraint('session', 'organisation_id', name=op.f('pk_session_guest')))
    op.create_table(
        'offer_round',
        sa.Column('session', sa.String(length=64), nullable=False),
        sa.Column('lot_id', WHOLE, nullable=False),
        sa.Column('number', WHOLE, nullable=False),
        sa.Column('is_final', sa.Boolean(), nullable=False),
        sa.Column('changes', sa.Text(), nullable=False),
        sa.Column('asked_at', sa.BigInteger(), nullable=False),
        sa.ForeignKeyConstraint(['lot_id'], ['lot.id'], name=op.f('fk_offer_round_lot_id_lot')),
        sa.ForeignKeyConstraint(['session'], ['sealing_session.id'], name=op.f('fk_offer_round_session_sealing_session')),
        sa.PrimaryKeyConstraint('session', name=op.f('pk_offer_round')),
        sa.UniqueConstraint('lot_id', 'number', name='uq_offer_round_number'))
    op.create_index(op.f('ix_offer_round_lot_id'), 'offer_round', ['lot_id'], unique=False)
    op.create_table(
        'talk_minutes',
        sa.Column('id', WHOLE, nullable=False),
        sa.Column('lot_id', WHOLE, nullable=False),
        sa.Column('before_round', WHOLE, nullable=False),
        sa.Column('organisation_id', WHOLE, nullable=False),
        sa.Column('text', sa.Text(), nullable=False),
        sa.Column('written_by', sa.String(length=80), nullable=False),
        sa.Column('at', sa.BigInteger(), nullable=False),
        sa.ForeignKeyConstraint(['lot_id'], ['lot.id'], name=op.f('fk_talk_minutes_lot_id_lot')),
        sa.ForeignKeyConstraint(['organisation_id'], ['organisation.id'], name=op.f('fk_talk_minutes_organisation_id_organisation')),
        sa.PrimaryKeyConstraint('id', name=op.f('pk_talk_minutes')))
    op.create_index(op.f('ix_talk_minutes_lot_id'), 'talk_minutes', ['lot_id'], unique=False)
    op.add_column('expert_draw', sa.Column('names_box', sa.LargeBinary(), nullable=True))
    op.add_column('expert_draw', sa.Column('purpose', sa.String(length=20), nullable=False, server_default='experts'))
    with op.batch_alter_table('expert_draw') as batch:
        batch.alter_column('purpose', server_default=None)
        batch.drop_constraint(op.f('uq_expert_draw_lot_id'), type_='unique')
        batch.create_unique_constraint('uq_expert_draw_purpose', ['lot_id', 'purpose'])


def downgrade():
    # What the older tables cannot hold goes: later rounds and draws among companies.
    op.execute("DELETE FROM draw_contribution WHERE draw_id IN (SELECT id FROM expert_draw WHERE purpose != 'experts')")
    op.execute("DELETE FROM expert_draw WHERE purpose != 'experts'")
    op.execute("DELETE FROM opened_bid WHERE envelope != 'bid'")
    with op.batch_alter_table('expert_draw') as batch:
        batch.drop_constraint('uq_expert_draw_purpose', type_='unique')
        batch.create_unique_constraint(op.f('uq_expert_draw_lot_id'), ['lot_id'])
        batch.drop_column('purpose')
        batch.drop_column('names_box')
    op.drop_table('talk_minutes')
    op.drop_table('offer_round')
    op.drop_table('session_guest')
    with op.batch_alter_table('evaluation') as batch:
        batch.drop_column('offers_at')
    with op.batch_alter_table('opened_bid') as batch:
        batch.drop_column('envelope')
    rows = _rows(lambda table: table.c.envelope == 'bid')
    op.drop_table('opening')
    op.create_table('opening', *_columns(
        sa.Column('lot_id', WHOLE, nullable=False),
        sa.Column('session', sa.String(length=64), nullable=False)),
        sa.PrimaryKeyConstraint('lot_id', name=op.f('pk_opening')))
    if rows:
        op.bulk_insert(_opening(), rows)
