"""invitations, candidates that fell away, reminders

Revision ID: 0006
Revises: 0005
Create Date: 2026-11-22 09:55:00.000000

"""
from alembic import op
import sqlalchemy as sa


# revision identifiers, used by Alembic.
revision = '0006'
down_revision = '0005'
branch_labels = None
depends_on = None

WHOLE = sa.BigInteger().with_variant(sa.Integer(), 'sqlite')


def upgrade():
    op.create_table(
        'invitation',
        sa.Column('id', WHOLE, nullable=False),
        sa.Column('project_id', WHOLE, nullable=False),
        sa.Column('tag', sa.String(length=32), nullable=False),
        sa.Column('box', sa.LargeBinary(), nullable=False),
        sa.Column('invited_at', sa.BigInteger(), nullable=True),
        sa.ForeignKeyConstraint(['project_id'], ['project.id'], name=op.f('fk_invitation_project_id_project')),
        sa.PrimaryKeyConstraint('id', name=op.f('pk_invitation')),
        sa.UniqueConstraint('tag', name=op.f('uq_invitation_tag')))
    op.create_index(op.f('ix_invitation_project_id'), 'invitation', ['project_id'], unique=False)
    op.create_table(
        'reminder',
        sa.Column('lot_id', WHOLE, nullable=False),
        sa.Column('clock', sa.String(length=40), nullable=False),
        sa.Column('light', sa.String(length=10), nullable=False),
        sa.Column('started_at', sa.BigInteger(), nullable=False),
        sa.Column('told_at', sa.BigInteger(), nullable=False),
        sa.ForeignKeyConstraint(['lot_id'], ['lot.id'], name=op.f('fk_reminder_lot_id_lot')),
        sa.PrimaryKeyConstraint('lot_id', 'clock', 'light', 'started_at', name=op.f('pk_reminder')))
    with op.batch_alter_table('candidate') as batch:
        batch.add_column(sa.Column('terms', sa.JSON(), nullable=True))
        batch.add_column(sa.Column('lost', sa.String(length=30), nullable=False, server_default=''))
        batch.add_column(sa.Column('lost_note', sa.Text(), nullable=False, server_default=''))
    with op.batch_alter_table('candidate') as batch:
        batch.alter_column('lost', server_default=None)
        batch.alter_column('lost_note', server_default=None)


def downgrade():
    with op.batch_alter_table('candidate') as batch:
        batch.drop_column('lost_note')
        batch.drop_column('lost')
        batch.drop_column('terms')
    op.drop_table('reminder')
    op.drop_index(op.f('ix_invitation_project_id'), 'invitation')
    op.drop_table('invitation')
