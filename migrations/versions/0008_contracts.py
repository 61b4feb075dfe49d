"""what follows a contract, bans of complainants, questions asked at once

Revision ID: 0008
Revises: 0007
Create Date: 2026-11-22 12:20:00.000000

"""
from alembic import op
import sqlalchemy as sa


# revision identifiers, used by Alembic.
revision = '0008'
down_revision = '0007'
branch_labels = None
depends_on = None

WHOLE = sa.BigInteger().with_variant(sa.Integer(), 'sqlite')


def _lot(table):
    return sa.ForeignKeyConstraint(['lot_id'], ['lot.id'], name=op.f(f'fk_{table}_lot_id_lot'))


def upgrade():
    op.create_table(
        'supplement',
        sa.Column('id', WHOLE, nullable=False),
        sa.Column('lot_id', WHOLE, nullable=False),
        sa.Column('number', sa.String(length=80), nullable=False),
        sa.Column('fen', WHOLE, nullable=False),
        sa.Column('matter', sa.Text(), nullable=False),
        sa.Column('emergency', sa.String(length=200), nullable=False),
        sa.Column('signed_on', sa.Date(), nullable=False),
        sa.Column('recorded_at', sa.BigInteger(), nullable=False),
        sa.Column('rule', sa.String(length=40), nullable=False),
        sa.Column('cap_fen', WHOLE, nullable=True),
        sa.Column('notice_id', WHOLE, nullable=True),
        sa.Column('filed_at', sa.BigInteger(), nullable=True),
        sa.Column('filed_reference', sa.String(length=200), nullable=False),
        _lot('supplement'),
        sa.ForeignKeyConstraint(['notice_id'], ['notice.id'], name=op.f('fk_supplement_notice_id_notice')),
        sa.PrimaryKeyConstraint('id', name=op.f('pk_supplement')),
        sa.UniqueConstraint('lot_id', 'number', name='uq_supplement_number'))
    op.create_table(
        'performance_bond',
        sa.Column('id', WHOLE, nullable=False),
        sa.Column('lot_id', WHOLE, nullable=False),
        sa.Column('form', sa.String(length=20), nullable=False),
        sa.Column('fen', WHOLE, nullable=False),
        sa.Column('reference', sa.String(length=120), nullable=False),
        sa.Column('received_on', sa.Date(), nullable=False),
        sa.Column('valid_until', sa.Date(), nullable=True),
        sa.Column('recorded_at', sa.BigInteger(), nullable=False),
        sa.Column('returned_on', sa.Date(), nullable=True),
        sa.Column('return_note', sa.String(length=200), nullable=False),
        _lot('performance_bond'),
        sa.PrimaryKeyConstraint('id', name=op.f('pk_performance_bond')),
        sa.UniqueConstraint('lot_id', 'reference', name='uq_performance_bond_reference'))
    op.create_table(
        'acceptance',
        sa.Column('id', WHOLE, nullable=False),
        sa.Column('lot_id', WHOLE, nullable=False),
        sa.Column('number', WHOLE, nullable=False),
        sa.Column('accepted_on', sa.Date(), nullable=False),
        sa.Column('outcome', sa.String(length=20), nullable=False),
        sa.Column('is_final', sa.Boolean(), nullable=False),
        sa.Column('members', sa.JSON(), nullable=False),
        sa.Column('opinion', sa.Text(), nullable=False),
        sa.Column('recorded_at', sa.BigInteger(), nullable=False),
        _lot('acceptance'),
        sa.PrimaryKeyConstraint('id', name=op.f('pk_acceptance')),
        sa.UniqueConstraint('lot_id', 'number', name='uq_acceptance_number'))
    op.create_table(
        'ban',
        sa.Column('id', WHOLE, nullable=False),
        sa.Column('complaint_id', WHOLE, nullable=False),
        sa.Column('organisation_id', WHOLE, nullable=False),
        sa.Column('months', WHOLE, nullable=False),
        sa.Column('text', sa.Text(), nullable=False),
        sa.Column('asked_at', sa.BigInteger(), nullable=False),
        sa.Column('asked_by', WHOLE, nullable=False),
        sa.Column('ordered_at', sa.BigInteger(), nullable=True),
        sa.Column('ordered_by', WHOLE, nullable=True),
        sa.Column('until', sa.Date(), nullable=True),
        sa.Column('notice_id', WHOLE, nullable=True),
        *[sa.ForeignKeyConstraint([name], [f'{table}.id'], name=op.f(f'fk_ban_{name}_{table}'))
          for name, table in (('complaint_id', 'complaint'), ('organisation_id', 'organisation'), ('asked_by', 'account'),
                              ('ordered_by', 'account'), ('notice_id', 'notice'))],
        sa.PrimaryKeyConstraint('id', name=op.f('pk_ban')),
        sa.UniqueConstraint('complaint_id', name=op.f('uq_ban_complaint_id')))
    op.create_index(op.f('ix_ban_organisation_id'), 'ban', ['organisation_id'], unique=False)
    op.create_table(
        'questions_at_once',
        sa.Column('project_id', WHOLE, nullable=False),
        sa.Column('clause', sa.String(length=200), nullable=False),
        sa.Column('declared_at', sa.BigInteger(), nullable=False),
        sa.ForeignKeyConstraint(['project_id'], ['project.id'], name=op.f('fk_questions_at_once_project_id_project')),
        sa.PrimaryKeyConstraint('project_id', name=op.f('pk_questions_at_once')))
    op.add_column('organisation', sa.Column('procurement_barred_until', sa.BigInteger(), nullable=True))
    for table in TABLES:
        op.create_index(op.f(f'ix_{table}_lot_id'), table, ['lot_id'], unique=False)


TABLES = ('supplement', 'performance_bond', 'acceptance')


def downgrade():
    with op.batch_alter_table('organisation') as batch:
        batch.drop_column('procurement_barred_until')
    op.drop_table('questions_at_once')
    op.drop_index(op.f('ix_ban_organisation_id'), 'ban')
    op.drop_table('ban')
    for table in reversed(TABLES):
        op.drop_index(op.f(f'ix_{table}_lot_id'), table)
        op.drop_table(table)
