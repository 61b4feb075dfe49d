"""tenders that follow a prequalification

Revision ID: 0011
Revises: 0010
Create Date: 2026-11-22 13:12:00.000000

"""
from alembic import op
import sqlalchemy as sa


# revision identifiers, used by Alembic.
revision = '0011'
down_revision = '0010'
branch_labels = None
depends_on = None

WHOLE = sa.BigInteger().with_variant(sa.Integer(), 'sqlite')


def upgrade():
    op.add_column('project', sa.Column('prequalified_from_id', WHOLE, nullable=True))


def downgrade():
    with op.batch_alter_table('project') as batch:
        batch.drop_column('prequalified_from_id')
