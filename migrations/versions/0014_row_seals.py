"""row seals: every row has a seal, every table a total; audits of the database; outages

Revision ID: 0014
Revises: 0013
Create Date: 2026-11-22 19:30:00.000000

"""
from alembic import op
import sqlalchemy as sa


# revision identifiers, used by Alembic.
revision = '0014'
down_revision = '0013'
branch_labels = None
depends_on = None

WHOLE = sa.BigInteger().with_variant(sa.Integer(), 'sqlite')
INLINE = ('evidence_checkpoint', 'sealed_bid')


def upgrade():
    op.create_table(
        'row_seal',
        sa.Column('table_name', sa.String(length=40), nullable=False),
        sa.Column('row_key', sa.String(length=300), nullable=False),
        sa.Column('shape', WHOLE, nullable=False),
        sa.Column('marks', sa.LargeBinary(), nullable=False),
        sa.PrimaryKeyConstraint('table_name', 'row_key', name=op.f('pk_row_seal')))
    op.create_table(
        'row_shape',
        sa.Column('id', WHOLE, nullable=False),
        sa.Column('table_name', sa.String(length=40), nullable=False),
        sa.Column('column_names', sa.JSON(), nullable=False),
        sa.PrimaryKeyConstraint('id', name=op.f('pk_row_shape')))
    op.create_table(
        'row_total',
        sa.Column('table_name', sa.String(length=40), nullable=False),
        sa.Column('row_count', WHOLE, nullable=False),
        sa.Column('changes', WHOLE, nullable=False),
        sa.Column('total', sa.LargeBinary(length=32), nullable=False),
        sa.Column('mark', sa.LargeBinary(length=32), nullable=False),
        sa.PrimaryKeyConstraint('table_name', name=op.f('pk_row_total')))
    op.create_table(
        'database_audit',
        sa.Column('id', WHOLE, nullable=False),
        sa.Column('asked_at', sa.BigInteger(), nullable=False),
        sa.Column('asked_by', WHOLE, nullable=True),
        sa.Column('ended_at', sa.BigInteger(), nullable=True),
        sa.Column('row_count', WHOLE, nullable=False),
        sa.Column('found', WHOLE, nullable=False),
        sa.Column('places', sa.JSON(), nullable=False),
        sa.ForeignKeyConstraint(['asked_by'], ['account.id'], name=op.f('fk_database_audit_asked_by_account')),
        sa.PrimaryKeyConstraint('id', name=op.f('pk_database_audit')))
    op.create_table(
        'heartbeat',
        sa.Column('part', sa.String(length=20), nullable=False),
        sa.Column('at', sa.BigInteger(), nullable=False),
        sa.PrimaryKeyConstraint('part', name=op.f('pk_heartbeat')))
    op.create_table(
        'outage',
        sa.Column('id', WHOLE, nullable=False),
        sa.Column('part', sa.String(length=20), nullable=False),
        sa.Column('began_at', sa.BigInteger(), nullable=False),
        sa.Column('ended_at', sa.BigInteger(), nullable=False),
        sa.PrimaryKeyConstraint('id', name=op.f('pk_outage')))
    op.create_index(op.f('ix_outage_ended_at'), 'outage', ['ended_at'])
    # Rows that are there already get their seals from ``mingtang audit --adopt``: the key is not in the database.
    for table in INLINE:
        with op.batch_alter_table(table) as batch:
            batch.add_column(sa.Column('marks', sa.LargeBinary(), nullable=False, server_default=sa.text("''")))


def downgrade():
    for table in INLINE:
        with op.batch_alter_table(table) as batch:
            batch.drop_column('marks')
    for table in ('outage', 'heartbeat', 'database_audit', 'row_total', 'row_shape', 'row_seal'):
        op.drop_table(table)
