"""evidence in full: cosigners and time stamps of checkpoints, alarms

Revision ID: 0012
Revises: 0011
Create Date: 2026-11-22 16:00:00.000000

"""
from alembic import op
import sqlalchemy as sa


# revision identifiers, used by Alembic.
revision = '0012'
down_revision = '0011'
branch_labels = None
depends_on = None

WHOLE = sa.BigInteger().with_variant(sa.Integer(), 'sqlite')


def upgrade():
    with op.batch_alter_table('evidence_checkpoint') as batch:
        batch.add_column(sa.Column('cosigners', WHOLE, nullable=False, server_default='0'))
        batch.add_column(sa.Column('to_stamp', sa.Boolean(), nullable=False, server_default=sa.false()))
    op.create_table(
        'evidence_stamp',
        sa.Column('size', WHOLE, nullable=False),
        sa.Column('authority', sa.String(length=64), nullable=False),
        sa.Column('response', sa.LargeBinary(), nullable=False),
        sa.Column('stated_at', sa.BigInteger(), nullable=False),
        sa.Column('at', sa.BigInteger(), nullable=False),
        sa.ForeignKeyConstraint(['size'], ['evidence_checkpoint.size'], name=op.f('fk_evidence_stamp_size_evidence_checkpoint')),
        sa.PrimaryKeyConstraint('size', 'authority', name=op.f('pk_evidence_stamp')))
    op.create_table(
        'log_alarm',
        sa.Column('id', WHOLE, nullable=False),
        sa.Column('kind', sa.String(length=40), nullable=False),
        sa.Column('place', sa.String(length=200), nullable=False),
        sa.Column('facts', sa.JSON(), nullable=False),
        sa.Column('stops', sa.Boolean(), nullable=False),
        sa.Column('raised_at', sa.BigInteger(), nullable=False),
        sa.Column('ended_at', sa.BigInteger(), nullable=True),
        sa.Column('told_at', sa.BigInteger(), nullable=True),
        sa.PrimaryKeyConstraint('id', name=op.f('pk_log_alarm')))
    with op.batch_alter_table('sealing_session') as batch:
        batch.add_column(sa.Column('canary', sa.JSON(), nullable=True))
    with op.batch_alter_table('trustee_pre_key') as batch:
        batch.add_column(sa.Column('suite', sa.String(length=20), nullable=False, server_default='intl-1'))
    with op.batch_alter_table('lot') as batch:
        batch.add_column(sa.Column('sealing', sa.JSON(), nullable=False, server_default='{}'))
    op.create_table(
        'canary_round',
        sa.Column('session', sa.String(length=64), nullable=False),
        sa.Column('number', WHOLE, nullable=False),
        sa.Column('due_at', sa.BigInteger(), nullable=False),
        sa.Column('checked_at', sa.BigInteger(), nullable=True),
        sa.Column('healthy', WHOLE, nullable=False),
        sa.Column('needed', WHOLE, nullable=False),
        sa.ForeignKeyConstraint(['session'], ['sealing_session.id'], name=op.f('fk_canary_round_session_sealing_session')),
        sa.PrimaryKeyConstraint('session', 'number', name=op.f('pk_canary_round')))
    op.create_table(
        'canary_answer',
        sa.Column('session', sa.String(length=64), nullable=False),
        sa.Column('number', WHOLE, nullable=False),
        sa.Column('trustee', WHOLE, nullable=False),
        sa.Column('fault', sa.String(length=60), nullable=False),
        sa.Column('at', sa.BigInteger(), nullable=False),
        sa.ForeignKeyConstraint(['session'], ['sealing_session.id'], name=op.f('fk_canary_answer_session_sealing_session')),
        sa.PrimaryKeyConstraint('session', 'number', 'trustee', name=op.f('pk_canary_answer')))
    op.create_table(
        'share_dispute',
        sa.Column('session', sa.String(length=64), nullable=False),
        sa.Column('trustee', WHOLE, nullable=False),
        sa.Column('digest', sa.String(length=64), nullable=False),
        sa.Column('fault', sa.String(length=20), nullable=False),
        sa.Column('at', sa.BigInteger(), nullable=False),
        sa.ForeignKeyConstraint(['session'], ['sealing_session.id'], name=op.f('fk_share_dispute_session_sealing_session')),
        sa.PrimaryKeyConstraint('session', 'trustee', 'digest', name=op.f('pk_share_dispute')))

    op.create_table(
        'archive_renewal',
        sa.Column('lot_id', WHOLE, nullable=False),
        sa.Column('number', WHOLE, nullable=False),
        sa.Column('document', sa.JSON(), nullable=False),
        sa.Column('seq', WHOLE, nullable=False),
        sa.Column('checkpoint_size', WHOLE, nullable=False),
        sa.Column('at', sa.BigInteger(), nullable=False),
        sa.ForeignKeyConstraint(['lot_id'], ['lot.id'], name=op.f('fk_archive_renewal_lot_id_lot')),
        sa.PrimaryKeyConstraint('lot_id', 'number', name=op.f('pk_archive_renewal')))


def downgrade():
    op.drop_table('archive_renewal')
    op.drop_table('share_dispute')
    op.drop_table('canary_answer')
    op.drop_table('canary_round')
    with op.batch_alter_table('lot') as batch:
        batch.drop_column('sealing')
    with op.batch_alter_table('trustee_pre_key') as batch:
        batch.drop_column('suite')
    with op.batch_alter_table('sealing_session') as batch:
        batch.drop_column('canary')
    op.drop_table('log_alarm')
    op.drop_table('evidence_stamp')
    with op.batch_alter_table('evidence_checkpoint') as batch:
        batch.drop_column('to_stamp')
        batch.drop_column('cosigners')
