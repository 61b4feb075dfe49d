"""changes of the rule table and of the yearly days off

Revision ID: 0005
Revises: 0004
Create Date: 2026-11-22 11:00:00.000000

"""
from alembic import op
import sqlalchemy as sa


# revision identifiers, used by Alembic.
revision = '0005'
down_revision = '0004'
branch_labels = None
depends_on = None

WHOLE = sa.BigInteger().with_variant(sa.Integer(), 'sqlite')


def upgrade():
    op.create_table(
        'rule_change',
        sa.Column('id', WHOLE, nullable=False),
        sa.Column('kind', sa.String(length=20), nullable=False),
        sa.Column('subjects', sa.JSON(), nullable=False),
        sa.Column('text', sa.Text(), nullable=False),
        sa.Column('sha256', sa.String(length=64), nullable=False),
        sa.Column('reason', sa.Text(), nullable=False),
        sa.Column('source', sa.String(length=500), nullable=False),
        sa.Column('asked_at', sa.BigInteger(), nullable=False),
        sa.Column('asked_by', WHOLE, nullable=False),
        sa.Column('decided_at', sa.BigInteger(), nullable=True),
        sa.Column('decided_by', WHOLE, nullable=True),
        sa.Column('decision', sa.Text(), nullable=False),
        sa.Column('place', WHOLE, nullable=True),
        sa.ForeignKeyConstraint(['asked_by'], ['account.id'], name=op.f('fk_rule_change_asked_by_account')),
        sa.ForeignKeyConstraint(['decided_by'], ['account.id'], name=op.f('fk_rule_change_decided_by_account')),
        sa.PrimaryKeyConstraint('id', name=op.f('pk_rule_change')),
        sa.UniqueConstraint('place', name=op.f('uq_rule_change_place')))


def downgrade():
    op.drop_table('rule_change')
