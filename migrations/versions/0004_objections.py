"""objections, questions and complaints

Revision ID: 0004
Revises: 0003
Create Date: 2026-11-22 10:00:00.000000

"""
from alembic import op
import sqlalchemy as sa


# revision identifiers, used by Alembic.
revision = '0004'
down_revision = '0003'
branch_labels = None
depends_on = None

WHOLE = sa.BigInteger().with_variant(sa.Integer(), 'sqlite')


def _raised():
    """The columns that objections and complaints share."""
    return [
        sa.Column('subject', sa.String(length=20), nullable=False),
        sa.Column('raiser_box', sa.LargeBinary(), nullable=False),
        sa.Column('raiser_tag', sa.String(length=32), nullable=False),
        sa.Column('content_tag', sa.String(length=32), nullable=False),
        sa.Column('points', sa.JSON(), nullable=False),
        sa.Column('text', sa.Text(), nullable=False),
        sa.Column('since', sa.Date(), nullable=True),
        sa.Column('filed_at', sa.BigInteger(), nullable=False),
        sa.Column('overdue', sa.Boolean(), nullable=False)]


def upgrade():
    op.create_table(
        'objection',
        sa.Column('id', WHOLE, nullable=False),
        sa.Column('lot_id', WHOLE, nullable=False),
        sa.Column('form', sa.String(length=20), nullable=False),
        *_raised(),
        sa.Column('rests', sa.Boolean(), nullable=False),
        sa.Column('affects_result_at', sa.BigInteger(), nullable=True),
        sa.Column('pause_id', WHOLE, nullable=True),
        sa.Column('answer', sa.String(length=20), nullable=True),
        sa.Column('reply', sa.Text(), nullable=False),
        sa.Column('replied_at', sa.BigInteger(), nullable=True),
        sa.Column('withdrawn_at', sa.BigInteger(), nullable=True),
        sa.ForeignKeyConstraint(['lot_id'], ['lot.id'], name=op.f('fk_objection_lot_id_lot')),
        sa.ForeignKeyConstraint(['pause_id'], ['pause.id'], name=op.f('fk_objection_pause_id_pause')),
        sa.PrimaryKeyConstraint('id', name=op.f('pk_objection')),
        sa.UniqueConstraint('content_tag', name=op.f('uq_objection_content_tag')))
    op.create_table(
        'complaint',
        sa.Column('id', WHOLE, nullable=False),
        sa.Column('lot_id', WHOLE, nullable=False),
        sa.Column('objection_id', WHOLE, nullable=True),
        *_raised(),
        sa.Column('correction', sa.Text(), nullable=False),
        sa.Column('accepted_at', sa.BigInteger(), nullable=True),
        sa.Column('refused_at', sa.BigInteger(), nullable=True),
        sa.Column('refusal', sa.Text(), nullable=False),
        sa.Column('suspension', sa.Text(), nullable=False),
        sa.Column('suspension_asked_by', WHOLE, nullable=True),
        sa.Column('suspended_at', sa.BigInteger(), nullable=True),
        sa.Column('suspended_until', sa.BigInteger(), nullable=True),
        sa.Column('pause_id', WHOLE, nullable=True),
        sa.Column('outcome', sa.String(length=20), nullable=True),
        sa.Column('measure', sa.String(length=20), nullable=True),
        sa.Column('fabricated', sa.Boolean(), nullable=False),
        sa.Column('decision', sa.Text(), nullable=False),
        sa.Column('decided_at', sa.BigInteger(), nullable=True),
        sa.Column('notice_id', WHOLE, nullable=True),
        sa.Column('withdrawn_at', sa.BigInteger(), nullable=True),
        *[sa.ForeignKeyConstraint([name], [f'{table}.id'], name=op.f(f'fk_complaint_{name}_{table}'))
          for name, table in (('lot_id', 'lot'), ('objection_id', 'objection'), ('suspension_asked_by', 'account'),
                              ('pause_id', 'pause'), ('notice_id', 'notice'))],
        sa.PrimaryKeyConstraint('id', name=op.f('pk_complaint')),
        sa.UniqueConstraint('content_tag', name=op.f('uq_complaint_content_tag')))
    op.create_table(
        'complaint_stretch',
        sa.Column('id', WHOLE, nullable=False),
        sa.Column('complaint_id', WHOLE, nullable=False),
        sa.Column('kind', sa.String(length=20), nullable=False),
        sa.Column('note', sa.Text(), nullable=False),
        sa.Column('began_at', sa.BigInteger(), nullable=False),
        sa.Column('ended_at', sa.BigInteger(), nullable=True),
        sa.ForeignKeyConstraint(['complaint_id'], ['complaint.id'], name=op.f('fk_complaint_stretch_complaint_id_complaint')),
        sa.PrimaryKeyConstraint('id', name=op.f('pk_complaint_stretch')))
    for table, columns in INDEXES.items():
        for column in columns:
            op.create_index(op.f(f'ix_{table}_{column}'), table, [column], unique=False)


INDEXES = {'objection': ('lot_id', 'raiser_tag', 'filed_at'),
           'complaint': ('lot_id', 'objection_id', 'raiser_tag', 'filed_at', 'suspended_until'),
           'complaint_stretch': ('complaint_id',)}


def downgrade():
    for table in ('complaint_stretch', 'complaint', 'objection'):
        for column in INDEXES[table]:
            op.drop_index(op.f(f'ix_{table}_{column}'), table)
        op.drop_table(table)
