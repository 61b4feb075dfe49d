"""search by procedure and by amount

Revision ID: 0002
Revises: 0001
Create Date: 2026-11-22 09:10:00.000000

"""
from alembic import op


# revision identifiers, used by Alembic.
revision = '0002'
down_revision = '0001'
branch_labels = None
depends_on = None


def upgrade():
    op.create_index(op.f('ix_notice_procedure'), 'notice', ['procedure'], unique=False)
    op.create_index('ix_notice_amount_fen_id', 'notice', ['amount_fen', 'id'], unique=False)


def downgrade():
    op.drop_index('ix_notice_amount_fen_id', 'notice')
    op.drop_index(op.f('ix_notice_procedure'), 'notice')
