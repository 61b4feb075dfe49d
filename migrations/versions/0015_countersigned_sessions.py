"""sessions signed by the purchaser

Revision ID: 0015
Revises: 0014
Create Date: 2026-11-22 20:45:00.000000

"""
from alembic import op
import sqlalchemy as sa


# revision identifiers, used by Alembic.
revision = '0015'
down_revision = '0014'
branch_labels = None
depends_on = None

WHOLE = sa.BigInteger().with_variant(sa.Integer(), 'sqlite')


def upgrade():
    op.create_table(
        'session_countersignature',
        sa.Column('session', sa.String(length=64), nullable=False),
        sa.Column('document', sa.String(length=64), nullable=False),
        sa.Column('organisation_id', WHOLE, nullable=False),
        sa.Column('public', sa.String(length=64), nullable=False),
        sa.Column('signature', sa.String(length=100), nullable=False),
        sa.Column('at', sa.BigInteger(), nullable=False),
        sa.ForeignKeyConstraint(['session'], ['sealing_session.id'], name=op.f('fk_session_countersignature_session_sealing_session')),
        sa.ForeignKeyConstraint(['organisation_id'], ['organisation.id'], name=op.f('fk_session_countersignature_organisation_id_organisation')),
        sa.PrimaryKeyConstraint('session', 'document', name=op.f('pk_session_countersignature')))


def downgrade():
    op.drop_table('session_countersignature')
