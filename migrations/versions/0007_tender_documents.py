"""tender documents written from templates

Revision ID: 0007
Revises: 0006
Create Date: 2026-11-22 12:20:00.000000

"""
from alembic import op
import sqlalchemy as sa


# revision identifiers, used by Alembic.
revision = '0007'
down_revision = '0006'
branch_labels = None
depends_on = None

WHOLE = sa.BigInteger().with_variant(sa.Integer(), 'sqlite')


def upgrade():
    op.create_table(
        'tender_document',
        sa.Column('id', WHOLE, nullable=False),
        sa.Column('project_id', WHOLE, nullable=False),
        sa.Column('number', WHOLE, nullable=False),
        sa.Column('template', sa.String(length=40), nullable=False),
        sa.Column('entries', sa.JSON(), nullable=False),
        sa.Column('reasons', sa.JSON(), nullable=False),
        sa.Column('drafted_at', sa.BigInteger(), nullable=False),
        sa.Column('changed_at', sa.BigInteger(), nullable=False),
        sa.Column('fixed_at', sa.BigInteger(), nullable=True),
        sa.Column('sha256', sa.String(length=64), nullable=False),
        sa.Column('print_id', WHOLE, nullable=True),
        sa.Column('data_id', WHOLE, nullable=True),
        sa.ForeignKeyConstraint(['project_id'], ['project.id'], name=op.f('fk_tender_document_project_id_project')),
        sa.ForeignKeyConstraint(['print_id'], ['project_file.id'], name=op.f('fk_tender_document_print_id_project_file')),
        sa.ForeignKeyConstraint(['data_id'], ['project_file.id'], name=op.f('fk_tender_document_data_id_project_file')),
        sa.PrimaryKeyConstraint('id', name=op.f('pk_tender_document')),
        sa.UniqueConstraint('project_id', 'number', name='uq_tender_document_number'))
    op.create_index(op.f('ix_tender_document_project_id'), 'tender_document', ['project_id'], unique=False)


def downgrade():
    op.drop_index(op.f('ix_tender_document_project_id'), 'tender_document')
    op.drop_table('tender_document')
