"""first tables

Revision ID: 0001
Revises: 
Create Date: 2026-11-22 07:00:21.120139

"""
from alembic import op
import sqlalchemy as sa


# revision identifiers, used by Alembic.
revision = '0001'
down_revision = None
branch_labels = None
depends_on = None


def upgrade():
    op.create_table('bank_statement',
    sa.Column('id', sa.BigInteger().with_variant(sa.Integer(), 'sqlite'), nullable=False),
    sa.Column('sha256', sa.String(length=64), nullable=False),
    sa.Column('name', sa.String(length=200), nullable=False),
    sa.Column('lines', sa.BigInteger().with_variant(sa.Integer(), 'sqlite'), nullable=False),
    sa.Column('total_fen', sa.BigInteger().with_variant(sa.Integer(), 'sqlite'), nullable=False),
    sa.Column('imported_at', sa.BigInteger(), nullable=False),
    sa.Column('imported_by', sa.String(length=80), nullable=False),
    sa.PrimaryKeyConstraint('id', name=op.f('pk_bank_statement')),
    sa.UniqueConstraint('sha256', name=op.f('uq_bank_statement_sha256'))
    )
    op.create_table('evidence_checkpoint',
    sa.Column('size', sa.BigInteger().with_variant(sa.Integer(), 'sqlite'), autoincrement=False, nullable=False),
    sa.Column('at', sa.BigInteger(), nullable=False),
    sa.Column('note', sa.Text(), nullable=False),
    sa.Column('cosignatures', sa.Text(), nullable=False),
    sa.PrimaryKeyConstraint('size', name=op.f('pk_evidence_checkpoint'))
    )
    op.create_table('evidence_entry',
    sa.Column('seq', sa.BigInteger().with_variant(sa.Integer(), 'sqlite'), autoincrement=False, nullable=False),
    sa.Column('data', sa.LargeBinary(length=32), nullable=False),
    sa.Column('kind', sa.String(length=64), nullable=False),
    sa.Column('lot', sa.String(length=40), nullable=True),
    sa.Column('project', sa.String(length=40), nullable=True),
    sa.Column('at', sa.BigInteger(), nullable=True),
    sa.Column('actor', sa.String(length=120), nullable=True),
    sa.Column('nonce', sa.LargeBinary(length=32), nullable=True),
    sa.Column('event', sa.JSON(), nullable=True),
    sa.Column('box', sa.LargeBinary(), nullable=True),
    sa.PrimaryKeyConstraint('seq', name=op.f('pk_evidence_entry'))
    )
    with op.batch_alter_table('evidence_entry', schema=None) as batch_op:
        batch_op.create_index(batch_op.f('ix_evidence_entry_kind'), ['kind'], unique=False)
        batch_op.create_index(batch_op.f('ix_evidence_entry_lot'), ['lot'], unique=False)
        batch_op.create_index(batch_op.f('ix_evidence_entry_project'), ['project'], unique=False)

    op.create_table('evidence_head',
    sa.Column('id', sa.BigInteger().with_variant(sa.Integer(), 'sqlite'), autoincrement=False, nullable=False),
    sa.Column('size', sa.BigInteger().with_variant(sa.Integer(), 'sqlite'), nullable=False),
    sa.Column('peaks', sa.LargeBinary(), nullable=False),
    sa.PrimaryKeyConstraint('id', name=op.f('pk_evidence_head'))
    )
    op.create_table('evidence_node',
    sa.Column('level', sa.BigInteger().with_variant(sa.Integer(), 'sqlite'), autoincrement=False, nullable=False),
    sa.Column('i', sa.BigInteger().with_variant(sa.Integer(), 'sqlite'), autoincrement=False, nullable=False),
    sa.Column('hash', sa.LargeBinary(length=32), nullable=False),
    sa.PrimaryKeyConstraint('level', 'i', name=op.f('pk_evidence_node'))
    )
    op.create_table('ledger_account',
    sa.Column('id', sa.BigInteger().with_variant(sa.Integer(), 'sqlite'), nullable=False),
    sa.Column('code', sa.String(length=40), nullable=False),
    sa.Column('kind', sa.String(length=20), nullable=False),
    sa.PrimaryKeyConstraint('id', name=op.f('pk_ledger_account')),
    sa.UniqueConstraint('code', name=op.f('uq_ledger_account_code'))
    )
    op.create_table('ledger_transfer',
    sa.Column('id', sa.BigInteger().with_variant(sa.Integer(), 'sqlite'), nullable=False),
    sa.Column('kind', sa.String(length=40), nullable=False),
    sa.Column('at', sa.BigInteger(), nullable=False),
    sa.Column('reference', sa.String(length=80), nullable=False),
    sa.PrimaryKeyConstraint('id', name=op.f('pk_ledger_transfer')),
    sa.UniqueConstraint('reference', name=op.f('uq_ledger_transfer_reference'))
    )
    op.create_table('numbering',
    sa.Column('key', sa.String(length=40), nullable=False),
    sa.Column('last', sa.BigInteger().with_variant(sa.Integer(), 'sqlite'), nullable=False),
    sa.PrimaryKeyConstraint('key', name=op.f('pk_numbering'))
    )
    op.create_table('organisation',
    sa.Column('id', sa.BigInteger().with_variant(sa.Integer(), 'sqlite'), nullable=False),
    sa.Column('code', sa.String(length=18), nullable=False),
    sa.Column('name', sa.String(length=200), nullable=False),
    sa.Column('region', sa.String(length=20), nullable=False),
    sa.Column('address', sa.String(length=200), nullable=False),
    sa.Column('contact', sa.String(length=80), nullable=False),
    sa.Column('phone', sa.String(length=40), nullable=False),
    sa.Column('registered_at', sa.BigInteger(), nullable=False),
    sa.Column('barred_until', sa.BigInteger(), nullable=True),
    sa.PrimaryKeyConstraint('id', name=op.f('pk_organisation')),
    sa.UniqueConstraint('code', name=op.f('uq_organisation_code'))
    )
    with op.batch_alter_table('organisation', schema=None) as batch_op:
        batch_op.create_index(batch_op.f('ix_organisation_name'), ['name'], unique=False)

    op.create_table('sign_in_failure',
    sa.Column('id', sa.BigInteger().with_variant(sa.Integer(), 'sqlite'), nullable=False),
    sa.Column('name_tag', sa.String(length=32), nullable=False),
    sa.Column('source_tag', sa.String(length=32), nullable=False),
    sa.Column('count', sa.BigInteger().with_variant(sa.Integer(), 'sqlite'), nullable=False),
    sa.Column('last_at', sa.BigInteger(), nullable=False),
    sa.PrimaryKeyConstraint('id', name=op.f('pk_sign_in_failure')),
    sa.UniqueConstraint('name_tag', 'source_tag', name='uq_sign_in_failure_source')
    )
    op.create_table('trustee',
    sa.Column('id', sa.BigInteger().with_variant(sa.Integer(), 'sqlite'), nullable=False),
    sa.Column('organisation', sa.String(length=200), nullable=False),
    sa.Column('public', sa.String(length=64), nullable=False),
    sa.Column('registered_at', sa.BigInteger(), nullable=False),
    sa.Column('retired_at', sa.BigInteger(), nullable=True),
    sa.PrimaryKeyConstraint('id', name=op.f('pk_trustee')),
    sa.UniqueConstraint('organisation', name=op.f('uq_trustee_organisation')),
    sa.UniqueConstraint('public', name=op.f('uq_trustee_public'))
    )
    op.create_table('upload',
    sa.Column('id', sa.String(length=32), nullable=False),
    sa.Column('tag', sa.String(length=32), nullable=False),
    sa.Column('started_at', sa.BigInteger(), nullable=False),
    sa.PrimaryKeyConstraint('id', name=op.f('pk_upload'))
    )
    with op.batch_alter_table('upload', schema=None) as batch_op:
        batch_op.create_index(batch_op.f('ix_upload_tag'), ['tag'], unique=False)

    op.create_table('account',
    sa.Column('id', sa.BigInteger().with_variant(sa.Integer(), 'sqlite'), nullable=False),
    sa.Column('username', sa.String(length=64), nullable=False),
    sa.Column('name', sa.String(length=80), nullable=False),
    sa.Column('password_hash', sa.String(length=200), nullable=False),
    sa.Column('organisation_id', sa.BigInteger().with_variant(sa.Integer(), 'sqlite'), nullable=True),
    sa.Column('totp_box', sa.LargeBinary(), nullable=True),
    sa.Column('totp_last_step', sa.BigInteger().with_variant(sa.Integer(), 'sqlite'), nullable=False),
    sa.Column('frozen_at', sa.BigInteger(), nullable=True),
    sa.Column('created_at', sa.BigInteger(), nullable=False),
    sa.ForeignKeyConstraint(['organisation_id'], ['organisation.id'], name=op.f('fk_account_organisation_id_organisation')),
    sa.PrimaryKeyConstraint('id', name=op.f('pk_account')),
    sa.UniqueConstraint('username', name=op.f('uq_account_username'))
    )
    with op.batch_alter_table('account', schema=None) as batch_op:
        batch_op.create_index(batch_op.f('ix_account_organisation_id'), ['organisation_id'], unique=False)

    op.create_table('bank_line',
    sa.Column('id', sa.BigInteger().with_variant(sa.Integer(), 'sqlite'), nullable=False),
    sa.Column('statement_id', sa.BigInteger().with_variant(sa.Integer(), 'sqlite'), nullable=False),
    sa.Column('bank_id', sa.String(length=64), nullable=False),
    sa.Column('line_tag', sa.String(length=32), nullable=False),
    sa.Column('value_at', sa.BigInteger(), nullable=False),
    sa.Column('fen', sa.BigInteger().with_variant(sa.Integer(), 'sqlite'), nullable=False),
    sa.Column('box', sa.LargeBinary(), nullable=False),
    sa.Column('transfer_id', sa.BigInteger().with_variant(sa.Integer(), 'sqlite'), nullable=False),
    sa.Column('suspense', sa.String(length=40), nullable=False),
    sa.ForeignKeyConstraint(['statement_id'], ['bank_statement.id'], name=op.f('fk_bank_line_statement_id_bank_statement')),
    sa.ForeignKeyConstraint(['transfer_id'], ['ledger_transfer.id'], name=op.f('fk_bank_line_transfer_id_ledger_transfer')),
    sa.PrimaryKeyConstraint('id', name=op.f('pk_bank_line')),
    sa.UniqueConstraint('bank_id', name=op.f('uq_bank_line_bank_id'))
    )
    with op.batch_alter_table('bank_line', schema=None) as batch_op:
        batch_op.create_index(batch_op.f('ix_bank_line_statement_id'), ['statement_id'], unique=False)

    op.create_table('ledger_posting',
    sa.Column('id', sa.BigInteger().with_variant(sa.Integer(), 'sqlite'), nullable=False),
    sa.Column('transfer_id', sa.BigInteger().with_variant(sa.Integer(), 'sqlite'), nullable=False),
    sa.Column('account_id', sa.BigInteger().with_variant(sa.Integer(), 'sqlite'), nullable=False),
    sa.Column('fen', sa.BigInteger().with_variant(sa.Integer(), 'sqlite'), nullable=False),
    sa.CheckConstraint('fen <> 0', name=op.f('ck_ledger_posting_not_zero')),
    sa.ForeignKeyConstraint(['account_id'], ['ledger_account.id'], name=op.f('fk_ledger_posting_account_id_ledger_account')),
    sa.ForeignKeyConstraint(['transfer_id'], ['ledger_transfer.id'], name=op.f('fk_ledger_posting_transfer_id_ledger_transfer')),
    sa.PrimaryKeyConstraint('id', name=op.f('pk_ledger_posting'))
    )
    with op.batch_alter_table('ledger_posting', schema=None) as batch_op:
        batch_op.create_index(batch_op.f('ix_ledger_posting_account_id'), ['account_id'], unique=False)
        batch_op.create_index(batch_op.f('ix_ledger_posting_transfer_id'), ['transfer_id'], unique=False)

    op.create_table('project',
    sa.Column('id', sa.BigInteger().with_variant(sa.Integer(), 'sqlite'), nullable=False),
    sa.Column('code', sa.String(length=20), nullable=True),
    sa.Column('name', sa.String(length=200), nullable=False),
    sa.Column('procedure', sa.String(length=40), nullable=False),
    sa.Column('category', sa.String(length=40), nullable=False),
    sa.Column('region', sa.String(length=20), nullable=False),
    sa.Column('funding', sa.String(length=200), nullable=False),
    sa.Column('approval', sa.String(length=200), nullable=False),
    sa.Column('estimate_fen', sa.BigInteger().with_variant(sa.Integer(), 'sqlite'), nullable=False),
    sa.Column('summary', sa.Text(), nullable=False),
    sa.Column('tenderer_id', sa.BigInteger().with_variant(sa.Integer(), 'sqlite'), nullable=False),
    sa.Column('agency_id', sa.BigInteger().with_variant(sa.Integer(), 'sqlite'), nullable=True),
    sa.Column('created_at', sa.BigInteger(), nullable=False),
    sa.Column('submitted_at', sa.BigInteger(), nullable=True),
    sa.Column('accepted_at', sa.BigInteger(), nullable=True),
    sa.Column('returned', sa.JSON(), nullable=True),
    sa.Column('returned_note', sa.Text(), nullable=False),
    sa.ForeignKeyConstraint(['agency_id'], ['organisation.id'], name=op.f('fk_project_agency_id_organisation')),
    sa.ForeignKeyConstraint(['tenderer_id'], ['organisation.id'], name=op.f('fk_project_tenderer_id_organisation')),
    sa.PrimaryKeyConstraint('id', name=op.f('pk_project')),
    sa.UniqueConstraint('code', name=op.f('uq_project_code'))
    )
    with op.batch_alter_table('project', schema=None) as batch_op:
        batch_op.create_index(batch_op.f('ix_project_agency_id'), ['agency_id'], unique=False)
        batch_op.create_index(batch_op.f('ix_project_tenderer_id'), ['tenderer_id'], unique=False)

    op.create_table('signing_key',
    sa.Column('id', sa.BigInteger().with_variant(sa.Integer(), 'sqlite'), nullable=False),
    sa.Column('organisation_id', sa.BigInteger().with_variant(sa.Integer(), 'sqlite'), nullable=False),
    sa.Column('public', sa.String(length=64), nullable=False),
    sa.Column('registered_at', sa.BigInteger(), nullable=False),
    sa.Column('revoked_at', sa.BigInteger(), nullable=True),
    sa.ForeignKeyConstraint(['organisation_id'], ['organisation.id'], name=op.f('fk_signing_key_organisation_id_organisation')),
    sa.PrimaryKeyConstraint('id', name=op.f('pk_signing_key')),
    sa.UniqueConstraint('public', name=op.f('uq_signing_key_public'))
    )
    with op.batch_alter_table('signing_key', schema=None) as batch_op:
        batch_op.create_index(batch_op.f('ix_signing_key_organisation_id'), ['organisation_id'], unique=False)

    op.create_table('trustee_pre_key',
    sa.Column('trustee_id', sa.BigInteger().with_variant(sa.Integer(), 'sqlite'), nullable=False),
    sa.Column('number', sa.BigInteger().with_variant(sa.Integer(), 'sqlite'), autoincrement=False, nullable=False),
    sa.Column('kem_pk', sa.Text(), nullable=False),
    sa.Column('signature', sa.String(length=100), nullable=False),
    sa.Column('session', sa.String(length=64), nullable=True),
    sa.ForeignKeyConstraint(['trustee_id'], ['trustee.id'], name=op.f('fk_trustee_pre_key_trustee_id_trustee')),
    sa.PrimaryKeyConstraint('trustee_id', 'number', name=op.f('pk_trustee_pre_key'))
    )
    with op.batch_alter_table('trustee_pre_key', schema=None) as batch_op:
        batch_op.create_index(batch_op.f('ix_trustee_pre_key_session'), ['session'], unique=False)

    op.create_table('upload_part',
    sa.Column('upload_id', sa.String(length=32), nullable=False),
    sa.Column('number', sa.BigInteger().with_variant(sa.Integer(), 'sqlite'), autoincrement=False, nullable=False),
    sa.Column('stored', sa.String(length=40), nullable=False),
    sa.Column('sha256', sa.String(length=64), nullable=False),
    sa.Column('bytes', sa.BigInteger().with_variant(sa.Integer(), 'sqlite'), nullable=False),
    sa.ForeignKeyConstraint(['upload_id'], ['upload.id'], name=op.f('fk_upload_part_upload_id_upload')),
    sa.PrimaryKeyConstraint('upload_id', 'number', name=op.f('pk_upload_part'))
    )
    op.create_table('account_role',
    sa.Column('account_id', sa.BigInteger().with_variant(sa.Integer(), 'sqlite'), nullable=False),
    sa.Column('role', sa.String(length=32), nullable=False),
    sa.ForeignKeyConstraint(['account_id'], ['account.id'], name=op.f('fk_account_role_account_id_account')),
    sa.PrimaryKeyConstraint('account_id', 'role', name=op.f('pk_account_role'))
    )
    op.create_table('expert',
    sa.Column('id', sa.BigInteger().with_variant(sa.Integer(), 'sqlite'), nullable=False),
    sa.Column('account_id', sa.BigInteger().with_variant(sa.Integer(), 'sqlite'), nullable=False),
    sa.Column('name_box', sa.LargeBinary(), nullable=False),
    sa.Column('phone_box', sa.LargeBinary(), nullable=False),
    sa.Column('employer', sa.String(length=18), nullable=False),
    sa.Column('region', sa.String(length=20), nullable=False),
    sa.Column('specialities', sa.JSON(), nullable=False),
    sa.Column('weight', sa.BigInteger().with_variant(sa.Integer(), 'sqlite'), nullable=False),
    sa.Column('bonds', sa.JSON(), nullable=False),
    sa.Column('admitted_at', sa.BigInteger(), nullable=False),
    sa.Column('suspended_at', sa.BigInteger(), nullable=True),
    sa.ForeignKeyConstraint(['account_id'], ['account.id'], name=op.f('fk_expert_account_id_account')),
    sa.PrimaryKeyConstraint('id', name=op.f('pk_expert')),
    sa.UniqueConstraint('account_id', name=op.f('uq_expert_account_id'))
    )
    with op.batch_alter_table('expert', schema=None) as batch_op:
        batch_op.create_index(batch_op.f('ix_expert_employer'), ['employer'], unique=False)

    op.create_table('lot',
    sa.Column('id', sa.BigInteger().with_variant(sa.Integer(), 'sqlite'), nullable=False),
    sa.Column('project_id', sa.BigInteger().with_variant(sa.Integer(), 'sqlite'), nullable=False),
    sa.Column('number', sa.BigInteger().with_variant(sa.Integer(), 'sqlite'), nullable=False),
    sa.Column('code', sa.String(length=23), nullable=True),
    sa.Column('name', sa.String(length=200), nullable=False),
    sa.Column('estimate_fen', sa.BigInteger().with_variant(sa.Integer(), 'sqlite'), nullable=False),
    sa.Column('ceiling_fen', sa.BigInteger().with_variant(sa.Integer(), 'sqlite'), nullable=True),
    sa.Column('deposit_fen', sa.BigInteger().with_variant(sa.Integer(), 'sqlite'), nullable=False),
    sa.Column('qualifications', sa.Text(), nullable=False),
    sa.Column('method', sa.JSON(), nullable=False),
    sa.Column('stage', sa.String(length=20), nullable=False),
    sa.Column('paused_from', sa.String(length=20), nullable=True),
    sa.Column('deadline', sa.BigInteger(), nullable=True),
    sa.Column('stage_at', sa.BigInteger(), nullable=True),
    sa.Column('failed_reason', sa.String(length=80), nullable=False),
    sa.Column('restarted_from_id', sa.BigInteger().with_variant(sa.Integer(), 'sqlite'), nullable=True),
    sa.ForeignKeyConstraint(['project_id'], ['project.id'], name=op.f('fk_lot_project_id_project')),
    sa.ForeignKeyConstraint(['restarted_from_id'], ['lot.id'], name=op.f('fk_lot_restarted_from_id_lot')),
    sa.PrimaryKeyConstraint('id', name=op.f('pk_lot')),
    sa.UniqueConstraint('code', name=op.f('uq_lot_code')),
    sa.UniqueConstraint('project_id', 'number', name='uq_lot_number')
    )
    with op.batch_alter_table('lot', schema=None) as batch_op:
        batch_op.create_index(batch_op.f('ix_lot_deadline'), ['deadline'], unique=False)
        batch_op.create_index(batch_op.f('ix_lot_project_id'), ['project_id'], unique=False)
        batch_op.create_index(batch_op.f('ix_lot_stage'), ['stage'], unique=False)

    op.create_table('message',
    sa.Column('id', sa.BigInteger().with_variant(sa.Integer(), 'sqlite'), nullable=False),
    sa.Column('organisation_id', sa.BigInteger().with_variant(sa.Integer(), 'sqlite'), nullable=True),
    sa.Column('account_id', sa.BigInteger().with_variant(sa.Integer(), 'sqlite'), nullable=True),
    sa.Column('kind', sa.String(length=64), nullable=False),
    sa.Column('facts', sa.JSON(), nullable=False),
    sa.Column('link', sa.String(length=200), nullable=False),
    sa.Column('at', sa.BigInteger(), nullable=False),
    sa.Column('read_at', sa.BigInteger(), nullable=True),
    sa.ForeignKeyConstraint(['account_id'], ['account.id'], name=op.f('fk_message_account_id_account')),
    sa.ForeignKeyConstraint(['organisation_id'], ['organisation.id'], name=op.f('fk_message_organisation_id_organisation')),
    sa.PrimaryKeyConstraint('id', name=op.f('pk_message'))
    )
    with op.batch_alter_table('message', schema=None) as batch_op:
        batch_op.create_index(batch_op.f('ix_message_account_id'), ['account_id'], unique=False)
        batch_op.create_index(batch_op.f('ix_message_organisation_id'), ['organisation_id'], unique=False)

    op.create_table('project_file',
    sa.Column('id', sa.BigInteger().with_variant(sa.Integer(), 'sqlite'), nullable=False),
    sa.Column('project_id', sa.BigInteger().with_variant(sa.Integer(), 'sqlite'), nullable=False),
    sa.Column('kind', sa.String(length=40), nullable=False),
    sa.Column('name', sa.String(length=200), nullable=False),
    sa.Column('stored', sa.String(length=40), nullable=False),
    sa.Column('bytes', sa.BigInteger().with_variant(sa.Integer(), 'sqlite'), nullable=False),
    sa.Column('sha256', sa.String(length=64), nullable=False),
    sa.Column('added_at', sa.BigInteger(), nullable=False),
    sa.ForeignKeyConstraint(['project_id'], ['project.id'], name=op.f('fk_project_file_project_id_project')),
    sa.PrimaryKeyConstraint('id', name=op.f('pk_project_file'))
    )
    with op.batch_alter_table('project_file', schema=None) as batch_op:
        batch_op.create_index(batch_op.f('ix_project_file_project_id'), ['project_id'], unique=False)

    op.create_table('sign_in',
    sa.Column('id', sa.BigInteger().with_variant(sa.Integer(), 'sqlite'), nullable=False),
    sa.Column('token_hash', sa.String(length=64), nullable=False),
    sa.Column('account_id', sa.BigInteger().with_variant(sa.Integer(), 'sqlite'), nullable=False),
    sa.Column('started_at', sa.BigInteger(), nullable=False),
    sa.Column('seen_at', sa.BigInteger(), nullable=False),
    sa.Column('second_factor_at', sa.BigInteger(), nullable=True),
    sa.Column('ended_at', sa.BigInteger(), nullable=True),
    sa.ForeignKeyConstraint(['account_id'], ['account.id'], name=op.f('fk_sign_in_account_id_account')),
    sa.PrimaryKeyConstraint('id', name=op.f('pk_sign_in')),
    sa.UniqueConstraint('token_hash', name=op.f('uq_sign_in_token_hash'))
    )
    with op.batch_alter_table('sign_in', schema=None) as batch_op:
        batch_op.create_index(batch_op.f('ix_sign_in_account_id'), ['account_id'], unique=False)

    op.create_table('archive_pack',
    sa.Column('lot_id', sa.BigInteger().with_variant(sa.Integer(), 'sqlite'), nullable=False),
    sa.Column('stored', sa.String(length=40), nullable=False),
    sa.Column('bytes', sa.BigInteger().with_variant(sa.Integer(), 'sqlite'), nullable=False),
    sa.Column('sha256', sa.String(length=64), nullable=False),
    sa.Column('sealed_at', sa.BigInteger(), nullable=False),
    sa.Column('checkpoint_size', sa.BigInteger().with_variant(sa.Integer(), 'sqlite'), nullable=False),
    sa.Column('keep_until', sa.BigInteger(), nullable=False),
    sa.ForeignKeyConstraint(['lot_id'], ['lot.id'], name=op.f('fk_archive_pack_lot_id_lot')),
    sa.PrimaryKeyConstraint('lot_id', name=op.f('pk_archive_pack'))
    )
    op.create_table('archive_piece',
    sa.Column('id', sa.BigInteger().with_variant(sa.Integer(), 'sqlite'), nullable=False),
    sa.Column('lot_id', sa.BigInteger().with_variant(sa.Integer(), 'sqlite'), nullable=False),
    sa.Column('path', sa.String(length=200), nullable=False),
    sa.Column('title', sa.String(length=200), nullable=False),
    sa.Column('stored', sa.String(length=40), nullable=False),
    sa.Column('bytes', sa.BigInteger().with_variant(sa.Integer(), 'sqlite'), nullable=False),
    sa.Column('sha256', sa.String(length=64), nullable=False),
    sa.Column('filed_at', sa.BigInteger(), nullable=False),
    sa.ForeignKeyConstraint(['lot_id'], ['lot.id'], name=op.f('fk_archive_piece_lot_id_lot')),
    sa.PrimaryKeyConstraint('id', name=op.f('pk_archive_piece')),
    sa.UniqueConstraint('lot_id', 'path', name='uq_archive_piece_path')
    )
    with op.batch_alter_table('archive_piece', schema=None) as batch_op:
        batch_op.create_index(batch_op.f('ix_archive_piece_lot_id'), ['lot_id'], unique=False)

    op.create_table('award',
    sa.Column('lot_id', sa.BigInteger().with_variant(sa.Integer(), 'sqlite'), nullable=False),
    sa.Column('organisation_id', sa.BigInteger().with_variant(sa.Integer(), 'sqlite'), nullable=False),
    sa.Column('price_fen', sa.BigInteger().with_variant(sa.Integer(), 'sqlite'), nullable=False),
    sa.Column('notified_at', sa.BigInteger(), nullable=False),
    sa.Column('reason', sa.Text(), nullable=False),
    sa.ForeignKeyConstraint(['lot_id'], ['lot.id'], name=op.f('fk_award_lot_id_lot')),
    sa.ForeignKeyConstraint(['organisation_id'], ['organisation.id'], name=op.f('fk_award_organisation_id_organisation')),
    sa.PrimaryKeyConstraint('lot_id', name=op.f('pk_award'))
    )
    op.create_table('bidder_half',
    sa.Column('digest', sa.String(length=64), nullable=False),
    sa.Column('lot_id', sa.BigInteger().with_variant(sa.Integer(), 'sqlite'), nullable=False),
    sa.Column('box', sa.LargeBinary(), nullable=False),
    sa.Column('at', sa.BigInteger(), nullable=False),
    sa.ForeignKeyConstraint(['lot_id'], ['lot.id'], name=op.f('fk_bidder_half_lot_id_lot')),
    sa.PrimaryKeyConstraint('digest', name=op.f('pk_bidder_half'))
    )
    with op.batch_alter_table('bidder_half', schema=None) as batch_op:
        batch_op.create_index(batch_op.f('ix_bidder_half_lot_id'), ['lot_id'], unique=False)

    op.create_table('candidate',
    sa.Column('lot_id', sa.BigInteger().with_variant(sa.Integer(), 'sqlite'), nullable=False),
    sa.Column('rank', sa.BigInteger().with_variant(sa.Integer(), 'sqlite'), nullable=False),
    sa.Column('organisation_id', sa.BigInteger().with_variant(sa.Integer(), 'sqlite'), nullable=False),
    sa.Column('price_fen', sa.BigInteger().with_variant(sa.Integer(), 'sqlite'), nullable=False),
    sa.Column('score', sa.String(length=40), nullable=False),
    sa.ForeignKeyConstraint(['lot_id'], ['lot.id'], name=op.f('fk_candidate_lot_id_lot')),
    sa.ForeignKeyConstraint(['organisation_id'], ['organisation.id'], name=op.f('fk_candidate_organisation_id_organisation')),
    sa.PrimaryKeyConstraint('lot_id', 'rank', name=op.f('pk_candidate'))
    )
    op.create_table('committee_member',
    sa.Column('id', sa.BigInteger().with_variant(sa.Integer(), 'sqlite'), nullable=False),
    sa.Column('lot_id', sa.BigInteger().with_variant(sa.Integer(), 'sqlite'), nullable=False),
    sa.Column('number', sa.BigInteger().with_variant(sa.Integer(), 'sqlite'), nullable=False),
    sa.Column('kind', sa.String(length=20), nullable=False),
    sa.Column('tag', sa.String(length=32), nullable=False),
    sa.Column('box', sa.LargeBinary(), nullable=False),
    sa.Column('declared_at', sa.BigInteger(), nullable=True),
    sa.Column('reviewed_at', sa.BigInteger(), nullable=True),
    sa.Column('scored_at', sa.BigInteger(), nullable=True),
    sa.Column('signed_at', sa.BigInteger(), nullable=True),
    sa.Column('dissent', sa.Text(), nullable=False),
    sa.ForeignKeyConstraint(['lot_id'], ['lot.id'], name=op.f('fk_committee_member_lot_id_lot')),
    sa.PrimaryKeyConstraint('id', name=op.f('pk_committee_member')),
    sa.UniqueConstraint('lot_id', 'number', name='uq_committee_member_number'),
    sa.UniqueConstraint('tag', name=op.f('uq_committee_member_tag'))
    )
    with op.batch_alter_table('committee_member', schema=None) as batch_op:
        batch_op.create_index(batch_op.f('ix_committee_member_lot_id'), ['lot_id'], unique=False)

    op.create_table('contract',
    sa.Column('lot_id', sa.BigInteger().with_variant(sa.Integer(), 'sqlite'), nullable=False),
    sa.Column('number', sa.String(length=80), nullable=False),
    sa.Column('price_fen', sa.BigInteger().with_variant(sa.Integer(), 'sqlite'), nullable=False),
    sa.Column('signed_on', sa.Date(), nullable=False),
    sa.Column('recorded_at', sa.BigInteger(), nullable=False),
    sa.ForeignKeyConstraint(['lot_id'], ['lot.id'], name=op.f('fk_contract_lot_id_lot')),
    sa.PrimaryKeyConstraint('lot_id', name=op.f('pk_contract'))
    )
    op.create_table('deposit_sub_account',
    sa.Column('id', sa.BigInteger().with_variant(sa.Integer(), 'sqlite'), nullable=False),
    sa.Column('number', sa.String(length=20), nullable=False),
    sa.Column('lot_id', sa.BigInteger().with_variant(sa.Integer(), 'sqlite'), nullable=False),
    sa.Column('owner_tag', sa.String(length=32), nullable=False),
    sa.Column('owner_box', sa.LargeBinary(), nullable=False),
    sa.Column('account_id', sa.BigInteger().with_variant(sa.Integer(), 'sqlite'), nullable=False),
    sa.ForeignKeyConstraint(['account_id'], ['ledger_account.id'], name=op.f('fk_deposit_sub_account_account_id_ledger_account')),
    sa.ForeignKeyConstraint(['lot_id'], ['lot.id'], name=op.f('fk_deposit_sub_account_lot_id_lot')),
    sa.PrimaryKeyConstraint('id', name=op.f('pk_deposit_sub_account')),
    sa.UniqueConstraint('number', name=op.f('uq_deposit_sub_account_number')),
    sa.UniqueConstraint('owner_tag', name=op.f('uq_deposit_sub_account_owner_tag'))
    )
    with op.batch_alter_table('deposit_sub_account', schema=None) as batch_op:
        batch_op.create_index(batch_op.f('ix_deposit_sub_account_lot_id'), ['lot_id'], unique=False)

    op.create_table('evaluation',
    sa.Column('lot_id', sa.BigInteger().with_variant(sa.Integer(), 'sqlite'), nullable=False),
    sa.Column('started_at', sa.BigInteger(), nullable=False),
    sa.Column('chair_id', sa.BigInteger().with_variant(sa.Integer(), 'sqlite'), nullable=True),
    sa.Column('reviewed_at', sa.BigInteger(), nullable=True),
    sa.Column('ranked_at', sa.BigInteger(), nullable=True),
    sa.Column('finished_at', sa.BigInteger(), nullable=True),
    sa.Column('rejected', sa.JSON(), nullable=False),
    sa.Column('report', sa.JSON(), nullable=True),
    sa.Column('report_signature', sa.String(length=100), nullable=False),
    sa.ForeignKeyConstraint(['lot_id'], ['lot.id'], name=op.f('fk_evaluation_lot_id_lot')),
    sa.PrimaryKeyConstraint('lot_id', name=op.f('pk_evaluation'))
    )
    op.create_table('hall_attendance',
    sa.Column('tag', sa.String(length=32), nullable=False),
    sa.Column('lot_id', sa.BigInteger().with_variant(sa.Integer(), 'sqlite'), nullable=False),
    sa.Column('box', sa.LargeBinary(), nullable=False),
    sa.ForeignKeyConstraint(['lot_id'], ['lot.id'], name=op.f('fk_hall_attendance_lot_id_lot')),
    sa.PrimaryKeyConstraint('tag', name=op.f('pk_hall_attendance'))
    )
    with op.batch_alter_table('hall_attendance', schema=None) as batch_op:
        batch_op.create_index(batch_op.f('ix_hall_attendance_lot_id'), ['lot_id'], unique=False)

    op.create_table('hall_event',
    sa.Column('id', sa.BigInteger().with_variant(sa.Integer(), 'sqlite'), nullable=False),
    sa.Column('lot_id', sa.BigInteger().with_variant(sa.Integer(), 'sqlite'), nullable=False),
    sa.Column('kind', sa.String(length=40), nullable=False),
    sa.Column('facts', sa.JSON(), nullable=False),
    sa.Column('at', sa.BigInteger(), nullable=False),
    sa.ForeignKeyConstraint(['lot_id'], ['lot.id'], name=op.f('fk_hall_event_lot_id_lot')),
    sa.PrimaryKeyConstraint('id', name=op.f('pk_hall_event'))
    )
    with op.batch_alter_table('hall_event', schema=None) as batch_op:
        batch_op.create_index(batch_op.f('ix_hall_event_lot_id'), ['lot_id'], unique=False)

    op.create_table('notice',
    sa.Column('id', sa.BigInteger().with_variant(sa.Integer(), 'sqlite'), nullable=False),
    sa.Column('kind', sa.String(length=40), nullable=False),
    sa.Column('project_id', sa.BigInteger().with_variant(sa.Integer(), 'sqlite'), nullable=False),
    sa.Column('lot_id', sa.BigInteger().with_variant(sa.Integer(), 'sqlite'), nullable=True),
    sa.Column('title', sa.String(length=300), nullable=False),
    sa.Column('procedure', sa.String(length=40), nullable=False),
    sa.Column('region', sa.String(length=20), nullable=False),
    sa.Column('amount_fen', sa.BigInteger().with_variant(sa.Integer(), 'sqlite'), nullable=False),
    sa.Column('publish_at', sa.BigInteger(), nullable=True),
    sa.Column('published_at', sa.BigInteger(), nullable=True),
    sa.ForeignKeyConstraint(['lot_id'], ['lot.id'], name=op.f('fk_notice_lot_id_lot')),
    sa.ForeignKeyConstraint(['project_id'], ['project.id'], name=op.f('fk_notice_project_id_project')),
    sa.PrimaryKeyConstraint('id', name=op.f('pk_notice'))
    )
    with op.batch_alter_table('notice', schema=None) as batch_op:
        batch_op.create_index(batch_op.f('ix_notice_kind'), ['kind'], unique=False)
        batch_op.create_index(batch_op.f('ix_notice_lot_id'), ['lot_id'], unique=False)
        batch_op.create_index(batch_op.f('ix_notice_project_id'), ['project_id'], unique=False)
        batch_op.create_index(batch_op.f('ix_notice_publish_at'), ['publish_at'], unique=False)
        batch_op.create_index('ix_notice_published_id', ['published_at', 'id'], unique=False)

    op.create_table('opened_bid',
    sa.Column('digest', sa.String(length=64), nullable=False),
    sa.Column('lot_id', sa.BigInteger().with_variant(sa.Integer(), 'sqlite'), nullable=False),
    sa.Column('organisation_id', sa.BigInteger().with_variant(sa.Integer(), 'sqlite'), nullable=False),
    sa.Column('outcome', sa.String(length=40), nullable=False),
    sa.Column('price_fen', sa.BigInteger().with_variant(sa.Integer(), 'sqlite'), nullable=True),
    sa.Column('offer', sa.JSON(), nullable=True),
    sa.Column('files', sa.JSON(), nullable=True),
    sa.Column('plain', sa.String(length=40), nullable=False),
    sa.Column('deposit_confirmed', sa.Boolean(), nullable=False),
    sa.Column('wrong_shares', sa.JSON(), nullable=False),
    sa.Column('settled_at', sa.BigInteger(), nullable=False),
    sa.Column('confirmed_at', sa.BigInteger(), nullable=True),
    sa.ForeignKeyConstraint(['lot_id'], ['lot.id'], name=op.f('fk_opened_bid_lot_id_lot')),
    sa.ForeignKeyConstraint(['organisation_id'], ['organisation.id'], name=op.f('fk_opened_bid_organisation_id_organisation')),
    sa.PrimaryKeyConstraint('digest', name=op.f('pk_opened_bid'))
    )
    with op.batch_alter_table('opened_bid', schema=None) as batch_op:
        batch_op.create_index(batch_op.f('ix_opened_bid_lot_id'), ['lot_id'], unique=False)

    op.create_table('question',
    sa.Column('id', sa.BigInteger().with_variant(sa.Integer(), 'sqlite'), nullable=False),
    sa.Column('lot_id', sa.BigInteger().with_variant(sa.Integer(), 'sqlite'), nullable=False),
    sa.Column('asker_box', sa.LargeBinary(), nullable=False),
    sa.Column('text', sa.Text(), nullable=False),
    sa.Column('asked_at', sa.BigInteger(), nullable=False),
    sa.Column('answer', sa.Text(), nullable=True),
    sa.Column('answered_at', sa.BigInteger(), nullable=True),
    sa.ForeignKeyConstraint(['lot_id'], ['lot.id'], name=op.f('fk_question_lot_id_lot')),
    sa.PrimaryKeyConstraint('id', name=op.f('pk_question'))
    )
    with op.batch_alter_table('question', schema=None) as batch_op:
        batch_op.create_index(batch_op.f('ix_question_lot_id'), ['lot_id'], unique=False)

    op.create_table('sealing_session',
    sa.Column('id', sa.String(length=64), nullable=False),
    sa.Column('lot_id', sa.BigInteger().with_variant(sa.Integer(), 'sqlite'), nullable=False),
    sa.Column('envelope', sa.String(length=20), nullable=False),
    sa.Column('document', sa.JSON(), nullable=False),
    sa.Column('amendments', sa.JSON(), nullable=False),
    sa.Column('opened_seq', sa.BigInteger().with_variant(sa.Integer(), 'sqlite'), nullable=False),
    sa.Column('close_seq', sa.BigInteger().with_variant(sa.Integer(), 'sqlite'), nullable=True),
    sa.Column('window_seq', sa.BigInteger().with_variant(sa.Integer(), 'sqlite'), nullable=True),
    sa.Column('close_checkpoint', sa.BigInteger().with_variant(sa.Integer(), 'sqlite'), nullable=True),
    sa.Column('release_checkpoint', sa.BigInteger().with_variant(sa.Integer(), 'sqlite'), nullable=True),
    sa.Column('deadline', sa.BigInteger(), nullable=False),
    sa.Column('opens_at', sa.BigInteger(), nullable=False),
    sa.Column('settled_at', sa.BigInteger(), nullable=True),
    sa.ForeignKeyConstraint(['lot_id'], ['lot.id'], name=op.f('fk_sealing_session_lot_id_lot')),
    sa.PrimaryKeyConstraint('id', name=op.f('pk_sealing_session')),
    sa.UniqueConstraint('lot_id', 'envelope', name='uq_sealing_session_lot')
    )
    with op.batch_alter_table('sealing_session', schema=None) as batch_op:
        batch_op.create_index(batch_op.f('ix_sealing_session_lot_id'), ['lot_id'], unique=False)

    op.create_table('evaluation_mark',
    sa.Column('member_id', sa.BigInteger().with_variant(sa.Integer(), 'sqlite'), nullable=False),
    sa.Column('digest', sa.String(length=64), nullable=False),
    sa.Column('factor', sa.String(length=40), nullable=False),
    sa.Column('points', sa.String(length=20), nullable=False),
    sa.Column('reason', sa.Text(), nullable=False),
    sa.ForeignKeyConstraint(['member_id'], ['committee_member.id'], name=op.f('fk_evaluation_mark_member_id_committee_member')),
    sa.PrimaryKeyConstraint('member_id', 'digest', 'factor', name=op.f('pk_evaluation_mark'))
    )
    op.create_table('expert_draw',
    sa.Column('id', sa.BigInteger().with_variant(sa.Integer(), 'sqlite'), nullable=False),
    sa.Column('lot_id', sa.BigInteger().with_variant(sa.Integer(), 'sqlite'), nullable=False),
    sa.Column('session', sa.String(length=64), nullable=False),
    sa.Column('params', sa.JSON(), nullable=False),
    sa.Column('pool', sa.JSON(), nullable=False),
    sa.Column('salt_box', sa.LargeBinary(), nullable=False),
    sa.Column('representatives', sa.JSON(), nullable=False),
    sa.Column('thin', sa.JSON(), nullable=False),
    sa.Column('reason', sa.String(length=400), nullable=False),
    sa.Column('excluded', sa.BigInteger().with_variant(sa.Integer(), 'sqlite'), nullable=False),
    sa.Column('frozen_at', sa.BigInteger(), nullable=False),
    sa.Column('closes_at', sa.BigInteger(), nullable=False),
    sa.Column('closed_at', sa.BigInteger(), nullable=True),
    sa.Column('drawn_at', sa.BigInteger(), nullable=True),
    sa.Column('sealed_at', sa.BigInteger(), nullable=True),
    sa.Column('revealed_at', sa.BigInteger(), nullable=True),
    sa.Column('transcript', sa.JSON(), nullable=True),
    sa.ForeignKeyConstraint(['lot_id'], ['lot.id'], name=op.f('fk_expert_draw_lot_id_lot')),
    sa.ForeignKeyConstraint(['session'], ['sealing_session.id'], name=op.f('fk_expert_draw_session_sealing_session')),
    sa.PrimaryKeyConstraint('id', name=op.f('pk_expert_draw')),
    sa.UniqueConstraint('lot_id', name=op.f('uq_expert_draw_lot_id'))
    )
    op.create_table('notice_version',
    sa.Column('id', sa.BigInteger().with_variant(sa.Integer(), 'sqlite'), nullable=False),
    sa.Column('notice_id', sa.BigInteger().with_variant(sa.Integer(), 'sqlite'), nullable=False),
    sa.Column('number', sa.BigInteger().with_variant(sa.Integer(), 'sqlite'), nullable=False),
    sa.Column('body', sa.Text(), nullable=False),
    sa.Column('schedule', sa.JSON(), nullable=False),
    sa.Column('sha256', sa.String(length=64), nullable=False),
    sa.Column('made_at', sa.BigInteger(), nullable=False),
    sa.Column('published_at', sa.BigInteger(), nullable=True),
    sa.ForeignKeyConstraint(['notice_id'], ['notice.id'], name=op.f('fk_notice_version_notice_id_notice')),
    sa.PrimaryKeyConstraint('id', name=op.f('pk_notice_version')),
    sa.UniqueConstraint('notice_id', 'number', name='uq_notice_version_number')
    )
    with op.batch_alter_table('notice_version', schema=None) as batch_op:
        batch_op.create_index(batch_op.f('ix_notice_version_notice_id'), ['notice_id'], unique=False)
        batch_op.create_index(batch_op.f('ix_notice_version_sha256'), ['sha256'], unique=False)

    op.create_table('opening',
    sa.Column('lot_id', sa.BigInteger().with_variant(sa.Integer(), 'sqlite'), nullable=False),
    sa.Column('session', sa.String(length=64), nullable=False),
    sa.Column('closed_at', sa.BigInteger(), nullable=False),
    sa.Column('window_ends', sa.BigInteger(), nullable=False),
    sa.Column('count', sa.BigInteger().with_variant(sa.Integer(), 'sqlite'), nullable=False),
    sa.Column('window_closed_at', sa.BigInteger(), nullable=True),
    sa.Column('opened_at', sa.BigInteger(), nullable=True),
    sa.Column('record', sa.JSON(), nullable=True),
    sa.Column('record_signature', sa.String(length=100), nullable=False),
    sa.ForeignKeyConstraint(['lot_id'], ['lot.id'], name=op.f('fk_opening_lot_id_lot')),
    sa.ForeignKeyConstraint(['session'], ['sealing_session.id'], name=op.f('fk_opening_session_sealing_session')),
    sa.PrimaryKeyConstraint('lot_id', name=op.f('pk_opening'))
    )
    op.create_table('review_verdict',
    sa.Column('member_id', sa.BigInteger().with_variant(sa.Integer(), 'sqlite'), nullable=False),
    sa.Column('digest', sa.String(length=64), nullable=False),
    sa.Column('criterion', sa.String(length=40), nullable=False),
    sa.Column('passed', sa.Boolean(), nullable=False),
    sa.Column('reason', sa.Text(), nullable=False),
    sa.ForeignKeyConstraint(['member_id'], ['committee_member.id'], name=op.f('fk_review_verdict_member_id_committee_member')),
    sa.PrimaryKeyConstraint('member_id', 'digest', 'criterion', name=op.f('pk_review_verdict'))
    )
    op.create_table('sealed_bid',
    sa.Column('id', sa.String(length=32), nullable=False),
    sa.Column('session', sa.String(length=64), nullable=False),
    sa.Column('tag', sa.String(length=32), nullable=False),
    sa.Column('box', sa.LargeBinary(), nullable=False),
    sa.Column('digest', sa.String(length=64), nullable=True),
    sa.Column('organisation_id', sa.BigInteger().with_variant(sa.Integer(), 'sqlite'), nullable=True),
    sa.Column('version', sa.BigInteger().with_variant(sa.Integer(), 'sqlite'), nullable=True),
    sa.Column('state', sa.String(length=20), nullable=True),
    sa.Column('filed_at', sa.BigInteger(), nullable=True),
    sa.Column('header', sa.JSON(), nullable=True),
    sa.Column('signature', sa.String(length=100), nullable=True),
    sa.Column('parts', sa.JSON(), nullable=True),
    sa.Column('commit_seq', sa.BigInteger().with_variant(sa.Integer(), 'sqlite'), nullable=True),
    sa.ForeignKeyConstraint(['organisation_id'], ['organisation.id'], name=op.f('fk_sealed_bid_organisation_id_organisation')),
    sa.ForeignKeyConstraint(['session'], ['sealing_session.id'], name=op.f('fk_sealed_bid_session_sealing_session')),
    sa.PrimaryKeyConstraint('id', name=op.f('pk_sealed_bid')),
    sa.UniqueConstraint('digest', name=op.f('uq_sealed_bid_digest')),
    sa.UniqueConstraint('tag', name=op.f('uq_sealed_bid_tag'))
    )
    with op.batch_alter_table('sealed_bid', schema=None) as batch_op:
        batch_op.create_index(batch_op.f('ix_sealed_bid_session'), ['session'], unique=False)

    op.create_table('share_release',
    sa.Column('session', sa.String(length=64), nullable=False),
    sa.Column('digest', sa.String(length=64), nullable=False),
    sa.Column('trustee', sa.BigInteger().with_variant(sa.Integer(), 'sqlite'), autoincrement=False, nullable=False),
    sa.Column('p', sa.String(length=100), nullable=False),
    sa.Column('fault', sa.String(length=60), nullable=False),
    sa.Column('at', sa.BigInteger(), nullable=False),
    sa.ForeignKeyConstraint(['session'], ['sealing_session.id'], name=op.f('fk_share_release_session_sealing_session')),
    sa.PrimaryKeyConstraint('session', 'digest', 'trustee', name=op.f('pk_share_release'))
    )
    op.create_table('draw_contribution',
    sa.Column('draw_id', sa.BigInteger().with_variant(sa.Integer(), 'sqlite'), nullable=False),
    sa.Column('contributor', sa.String(length=200), nullable=False),
    sa.Column('digest', sa.String(length=64), nullable=False),
    sa.Column('header', sa.JSON(), nullable=False),
    sa.Column('signature', sa.String(length=100), nullable=False),
    sa.Column('payload', sa.LargeBinary(), nullable=False),
    sa.Column('at', sa.BigInteger(), nullable=False),
    sa.Column('value', sa.String(length=64), nullable=True),
    sa.Column('fault', sa.String(length=60), nullable=False),
    sa.ForeignKeyConstraint(['draw_id'], ['expert_draw.id'], name=op.f('fk_draw_contribution_draw_id_expert_draw')),
    sa.PrimaryKeyConstraint('draw_id', 'contributor', name=op.f('pk_draw_contribution')),
    sa.UniqueConstraint('digest', name=op.f('uq_draw_contribution_digest'))
    )
    op.create_table('draw_seat',
    sa.Column('id', sa.BigInteger().with_variant(sa.Integer(), 'sqlite'), nullable=False),
    sa.Column('draw_id', sa.BigInteger().with_variant(sa.Integer(), 'sqlite'), nullable=False),
    sa.Column('stratum', sa.String(length=40), nullable=False),
    sa.Column('eid', sa.String(length=64), nullable=False),
    sa.Column('tag', sa.String(length=32), nullable=False),
    sa.Column('box', sa.LargeBinary(), nullable=False),
    sa.Column('called_at', sa.BigInteger(), nullable=False),
    sa.Column('answer', sa.String(length=20), nullable=False),
    sa.Column('answered_at', sa.BigInteger(), nullable=True),
    sa.ForeignKeyConstraint(['draw_id'], ['expert_draw.id'], name=op.f('fk_draw_seat_draw_id_expert_draw')),
    sa.PrimaryKeyConstraint('id', name=op.f('pk_draw_seat')),
    sa.UniqueConstraint('tag', name=op.f('uq_draw_seat_tag'))
    )
    with op.batch_alter_table('draw_seat', schema=None) as batch_op:
        batch_op.create_index(batch_op.f('ix_draw_seat_draw_id'), ['draw_id'], unique=False)

    # The full-text index of notices is not a model: each database has its own kind.
    if op.get_bind().dialect.name == "postgresql":
        op.execute("CREATE TABLE notice_index (rowid bigint PRIMARY KEY, tokens tsvector NOT NULL)")
        op.execute("CREATE INDEX ix_notice_index_tokens ON notice_index USING gin (tokens)")
    else:
        op.execute("CREATE VIRTUAL TABLE notice_index USING fts5(tokens)")


def downgrade():
    op.execute("DROP TABLE notice_index")
    with op.batch_alter_table('draw_seat', schema=None) as batch_op:
        batch_op.drop_index(batch_op.f('ix_draw_seat_draw_id'))

    op.drop_table('draw_seat')
    op.drop_table('draw_contribution')
    op.drop_table('share_release')
    with op.batch_alter_table('sealed_bid', schema=None) as batch_op:
        batch_op.drop_index(batch_op.f('ix_sealed_bid_session'))

    op.drop_table('sealed_bid')
    op.drop_table('review_verdict')
    op.drop_table('opening')
    with op.batch_alter_table('notice_version', schema=None) as batch_op:
        batch_op.drop_index(batch_op.f('ix_notice_version_sha256'))
        batch_op.drop_index(batch_op.f('ix_notice_version_notice_id'))

    op.drop_table('notice_version')
    op.drop_table('expert_draw')
    op.drop_table('evaluation_mark')
    with op.batch_alter_table('sealing_session', schema=None) as batch_op:
        batch_op.drop_index(batch_op.f('ix_sealing_session_lot_id'))

    op.drop_table('sealing_session')
    with op.batch_alter_table('question', schema=None) as batch_op:
        batch_op.drop_index(batch_op.f('ix_question_lot_id'))

    op.drop_table('question')
    with op.batch_alter_table('opened_bid', schema=None) as batch_op:
        batch_op.drop_index(batch_op.f('ix_opened_bid_lot_id'))

    op.drop_table('opened_bid')
    with op.batch_alter_table('notice', schema=None) as batch_op:
        batch_op.drop_index('ix_notice_published_id')
        batch_op.drop_index(batch_op.f('ix_notice_publish_at'))
        batch_op.drop_index(batch_op.f('ix_notice_project_id'))
        batch_op.drop_index(batch_op.f('ix_notice_lot_id'))
        batch_op.drop_index(batch_op.f('ix_notice_kind'))

    op.drop_table('notice')
    with op.batch_alter_table('hall_event', schema=None) as batch_op:
        batch_op.drop_index(batch_op.f('ix_hall_event_lot_id'))

    op.drop_table('hall_event')
    with op.batch_alter_table('hall_attendance', schema=None) as batch_op:
        batch_op.drop_index(batch_op.f('ix_hall_attendance_lot_id'))

    op.drop_table('hall_attendance')
    op.drop_table('evaluation')
    with op.batch_alter_table('deposit_sub_account', schema=None) as batch_op:
        batch_op.drop_index(batch_op.f('ix_deposit_sub_account_lot_id'))

    op.drop_table('deposit_sub_account')
    op.drop_table('contract')
    with op.batch_alter_table('committee_member', schema=None) as batch_op:
        batch_op.drop_index(batch_op.f('ix_committee_member_lot_id'))

    op.drop_table('committee_member')
    op.drop_table('candidate')
    with op.batch_alter_table('bidder_half', schema=None) as batch_op:
        batch_op.drop_index(batch_op.f('ix_bidder_half_lot_id'))

    op.drop_table('bidder_half')
    op.drop_table('award')
    with op.batch_alter_table('archive_piece', schema=None) as batch_op:
        batch_op.drop_index(batch_op.f('ix_archive_piece_lot_id'))

    op.drop_table('archive_piece')
    op.drop_table('archive_pack')
    with op.batch_alter_table('sign_in', schema=None) as batch_op:
        batch_op.drop_index(batch_op.f('ix_sign_in_account_id'))

    op.drop_table('sign_in')
    with op.batch_alter_table('project_file', schema=None) as batch_op:
        batch_op.drop_index(batch_op.f('ix_project_file_project_id'))

    op.drop_table('project_file')
    with op.batch_alter_table('message', schema=None) as batch_op:
        batch_op.drop_index(batch_op.f('ix_message_organisation_id'))
        batch_op.drop_index(batch_op.f('ix_message_account_id'))

    op.drop_table('message')
    with op.batch_alter_table('lot', schema=None) as batch_op:
        batch_op.drop_index(batch_op.f('ix_lot_stage'))
        batch_op.drop_index(batch_op.f('ix_lot_project_id'))
        batch_op.drop_index(batch_op.f('ix_lot_deadline'))

    op.drop_table('lot')
    with op.batch_alter_table('expert', schema=None) as batch_op:
        batch_op.drop_index(batch_op.f('ix_expert_employer'))

    op.drop_table('expert')
    op.drop_table('account_role')
    op.drop_table('upload_part')
    with op.batch_alter_table('trustee_pre_key', schema=None) as batch_op:
        batch_op.drop_index(batch_op.f('ix_trustee_pre_key_session'))

    op.drop_table('trustee_pre_key')
    with op.batch_alter_table('signing_key', schema=None) as batch_op:
        batch_op.drop_index(batch_op.f('ix_signing_key_organisation_id'))

    op.drop_table('signing_key')
    with op.batch_alter_table('project', schema=None) as batch_op:
        batch_op.drop_index(batch_op.f('ix_project_tenderer_id'))
        batch_op.drop_index(batch_op.f('ix_project_agency_id'))

    op.drop_table('project')
    with op.batch_alter_table('ledger_posting', schema=None) as batch_op:
        batch_op.drop_index(batch_op.f('ix_ledger_posting_transfer_id'))
        batch_op.drop_index(batch_op.f('ix_ledger_posting_account_id'))

    op.drop_table('ledger_posting')
    with op.batch_alter_table('bank_line', schema=None) as batch_op:
        batch_op.drop_index(batch_op.f('ix_bank_line_statement_id'))

    op.drop_table('bank_line')
    with op.batch_alter_table('account', schema=None) as batch_op:
        batch_op.drop_index(batch_op.f('ix_account_organisation_id'))

    op.drop_table('account')
    with op.batch_alter_table('upload', schema=None) as batch_op:
        batch_op.drop_index(batch_op.f('ix_upload_tag'))

    op.drop_table('upload')
    op.drop_table('trustee')
    op.drop_table('sign_in_failure')
    with op.batch_alter_table('organisation', schema=None) as batch_op:
        batch_op.drop_index(batch_op.f('ix_organisation_name'))

    op.drop_table('organisation')
    op.drop_table('numbering')
    op.drop_table('ledger_transfer')
    op.drop_table('ledger_account')
    op.drop_table('evidence_node')
    op.drop_table('evidence_head')
    with op.batch_alter_table('evidence_entry', schema=None) as batch_op:
        batch_op.drop_index(batch_op.f('ix_evidence_entry_project'))
        batch_op.drop_index(batch_op.f('ix_evidence_entry_lot'))
        batch_op.drop_index(batch_op.f('ix_evidence_entry_kind'))

    op.drop_table('evidence_entry')
    op.drop_table('evidence_checkpoint')
    op.drop_table('bank_statement')
