"""payment plans of sales and what was paid; past grants of land

Revision ID: 0018
Revises: 0017
Create Date: 2026-11-23 10:05:00.000000

"""
from alembic import op
import sqlalchemy as sa


# revision identifiers, used by Alembic.
revision = '0018'
down_revision = '0017'
branch_labels = None
depends_on = None

WHOLE = sa.BigInteger().with_variant(sa.Integer(), 'sqlite')


def upgrade():
    op.create_table(
        'contract_instalment',
        sa.Column('lot_id', WHOLE, autoincrement=False, nullable=False),
        sa.Column('number', WHOLE, autoincrement=False, nullable=False),
        sa.Column('due_on', sa.Date(), nullable=False),
        sa.Column('fen', WHOLE, nullable=False),
        sa.Column('security', sa.String(length=200), nullable=False),
        sa.Column('soon_told_at', sa.BigInteger(), nullable=True),
        sa.Column('late_told_at', sa.BigInteger(), nullable=True),
        sa.Column('settled_on', sa.Date(), nullable=True),
        sa.ForeignKeyConstraint(['lot_id'], ['lot.id'], name=op.f('fk_contract_instalment_lot_id_lot')),
        sa.PrimaryKeyConstraint('lot_id', 'number', name=op.f('pk_contract_instalment')))
    op.create_index(op.f('ix_contract_instalment_due_on'), 'contract_instalment', ['due_on'], unique=False)
    op.create_table(
        'contract_payment',
        sa.Column('id', WHOLE, nullable=False),
        sa.Column('lot_id', WHOLE, nullable=False),
        sa.Column('fen', WHOLE, nullable=False),
        sa.Column('paid_on', sa.Date(), nullable=False),
        sa.Column('reference', sa.String(length=120), nullable=False),
        sa.Column('recorded_at', sa.BigInteger(), nullable=False),
        sa.ForeignKeyConstraint(['lot_id'], ['lot.id'], name=op.f('fk_contract_payment_lot_id_lot')),
        sa.PrimaryKeyConstraint('id', name=op.f('pk_contract_payment')),
        sa.UniqueConstraint('lot_id', 'reference', name='uq_contract_payment_reference'))
    op.create_index(op.f('ix_contract_payment_lot_id'), 'contract_payment', ['lot_id'], unique=False)
    op.create_table(
        'land_grant',
        sa.Column('number', sa.String(length=20), nullable=False),
        sa.Column('procedure', sa.String(length=40), nullable=False),
        sa.Column('district', sa.String(length=200), nullable=False),
        sa.Column('location', sa.String(length=400), nullable=False),
        sa.Column('use', sa.String(length=200), nullable=False),
        sa.Column('area_m2', sa.String(length=30), nullable=False),
        sa.Column('price_fen', WHOLE, nullable=False),
        sa.Column('terms', sa.JSON(), nullable=False),
        sa.Column('ratio_low', sa.String(length=30), nullable=False),
        sa.Column('ratio_high', sa.String(length=30), nullable=False),
        sa.Column('holder', sa.String(length=400), nullable=False),
        sa.Column('signed_on', sa.Date(), nullable=False),
        sa.Column('kept_at', sa.BigInteger(), nullable=False),
        sa.PrimaryKeyConstraint('number', name=op.f('pk_land_grant')))
    op.create_index(op.f('ix_land_grant_signed_on'), 'land_grant', ['signed_on'], unique=False)


def downgrade():
    op.drop_table('land_grant')
    op.drop_table('contract_payment')
    op.drop_table('contract_instalment')
