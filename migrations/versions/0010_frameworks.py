"""framework agreements: admitted suppliers and purchases called off

Revision ID: 0010
Revises: 0009
Create Date: 2026-11-22 12:55:00.000000

"""
from alembic import op
import sqlalchemy as sa


# revision identifiers, used by Alembic.
revision = '0010'
down_revision = '0009'
branch_labels = None
depends_on = None

WHOLE = sa.BigInteger().with_variant(sa.Integer(), 'sqlite')


def upgrade():
    op.create_table(
        'framework_place',
        sa.Column('lot_id', WHOLE, nullable=False),
        sa.Column('organisation_id', WHOLE, nullable=False),
        sa.Column('rank', WHOLE, nullable=False),
        sa.Column('price_fen', WHOLE, nullable=False),
        sa.Column('admitted_at', sa.BigInteger(), nullable=False),
        sa.Column('number', sa.String(length=80), nullable=False),
        sa.Column('signed_on', sa.Date(), nullable=True),
        sa.Column('ends_on', sa.Date(), nullable=True),
        sa.Column('left_at', sa.BigInteger(), nullable=True),
        sa.Column('left_reason', sa.String(length=400), nullable=False),
        sa.ForeignKeyConstraint(['lot_id'], ['lot.id'], name=op.f('fk_framework_place_lot_id_lot')),
        sa.ForeignKeyConstraint(['organisation_id'], ['organisation.id'], name=op.f('fk_framework_place_organisation_id_organisation')),
        sa.PrimaryKeyConstraint('lot_id', 'organisation_id', name=op.f('pk_framework_place')))
    op.create_table(
        'framework_call',
        sa.Column('id', WHOLE, nullable=False),
        sa.Column('lot_id', WHOLE, nullable=False),
        sa.Column('number', WHOLE, nullable=False),
        sa.Column('way', sa.String(length=20), nullable=False),
        sa.Column('wanted', sa.Text(), nullable=False),
        sa.Column('reason', sa.Text(), nullable=False),
        sa.Column('round_number', WHOLE, nullable=True),
        sa.Column('called_at', sa.BigInteger(), nullable=False),
        sa.Column('organisation_id', WHOLE, nullable=True),
        sa.Column('price_fen', WHOLE, nullable=True),
        sa.Column('chosen_at', sa.BigInteger(), nullable=True),
        sa.ForeignKeyConstraint(['lot_id'], ['lot.id'], name=op.f('fk_framework_call_lot_id_lot')),
        sa.ForeignKeyConstraint(['organisation_id'], ['organisation.id'], name=op.f('fk_framework_call_organisation_id_organisation')),
        sa.PrimaryKeyConstraint('id', name=op.f('pk_framework_call')),
        sa.UniqueConstraint('lot_id', 'number', name='uq_framework_call_number'))


    op.create_table(
        'framework_application',
        sa.Column('id', WHOLE, nullable=False),
        sa.Column('lot_id', WHOLE, nullable=False),
        sa.Column('organisation_id', WHOLE, nullable=False),
        sa.Column('statement', sa.Text(), nullable=False),
        sa.Column('filed_at', sa.BigInteger(), nullable=False),
        sa.Column('decided_at', sa.BigInteger(), nullable=True),
        sa.Column('is_accepted', sa.Boolean(), nullable=True),
        sa.Column('reason', sa.Text(), nullable=False),
        sa.ForeignKeyConstraint(['lot_id'], ['lot.id'], name=op.f('fk_framework_application_lot_id_lot')),
        sa.ForeignKeyConstraint(['organisation_id'], ['organisation.id'], name=op.f('fk_framework_application_organisation_id_organisation')),
        sa.PrimaryKeyConstraint('id', name=op.f('pk_framework_application')))
    op.create_index(op.f('ix_framework_application_lot_id'), 'framework_application', ['lot_id'], unique=False)


def downgrade():
    op.drop_table('framework_application')
    op.drop_table('framework_call')
    op.drop_table('framework_place')
