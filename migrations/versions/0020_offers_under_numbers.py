"""offers of live sales are filed under a number: who is behind it stays in boxes until the deal

Revision ID: 0020
Revises: 0019
Create Date: 2026-11-23 13:30:00.000000

"""
from alembic import op
import sqlalchemy as sa


# revision identifiers, used by Alembic.
revision = '0020'
down_revision = '0019'
branch_labels = None
depends_on = None

WHOLE = sa.BigInteger().with_variant(sa.Integer(), 'sqlite')


def upgrade():
    # Who was asked under the former way files no more: a name that is not boxed may not stand here.
    op.execute(sa.text('DELETE FROM secret_guest'))
    with op.batch_alter_table('secret_guest') as batch:
        batch.add_column(sa.Column('box', sa.LargeBinary(), nullable=False))
    with op.batch_alter_table('opened_bid') as batch:
        batch.alter_column('organisation_id', existing_type=WHOLE, nullable=True)


def downgrade():
    with op.batch_alter_table('opened_bid') as batch:
        batch.alter_column('organisation_id', existing_type=WHOLE, nullable=False)
    with op.batch_alter_table('secret_guest') as batch:
        batch.drop_column('box')
