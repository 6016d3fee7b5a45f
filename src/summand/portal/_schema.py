"""The portal's own database, beside the hub's: people, sessions, who looked at what, and an index of the ledger.

The hub's store and ledger stay the truth about agreements and studies; what is indexed here can be deleted and is made
anew. What people have looked at cannot: no statement of this program changes or removes a row of ``view``, triggers
refuse it to others, and each row holds the hash of the one before.
"""

from __future__ import annotations

from sqlalchemy import Boolean, Column, Float, Index, Integer, LargeBinary, MetaData, String, Table, Text

SCHEMA_VERSION = 2
metadata = MetaData()

schema = Table("schema", metadata, Column("version", Integer, primary_key=True))

accounts = Table(
    "account",
    metadata,
    Column("id", Integer, primary_key=True, autoincrement=True),
    Column("login", String(200), unique=True, nullable=False),
    Column("name", String(200), nullable=False),
    Column("organisation", String(200), nullable=False, index=True),
    Column("roles", String(200), nullable=False),
    Column("password", String(300)),  # null until the person has chosen one
    Column("is_active", Boolean, nullable=False),
    Column("invitation", String(64)),  # SHA-256 of the one-time link
    Column("invitation_until", Float),
    Column("created_at", Float, nullable=False),
)
sessions = Table(
    "session",
    metadata,
    Column("hash", String(64), primary_key=True),  # SHA-256 of the cookie: a stolen database opens nothing
    Column("account", Integer, nullable=False, index=True),
    Column("csrf", String(64), nullable=False),
    Column("created_at", Float, nullable=False),
    Column("seen_at", Float, nullable=False),
)
views = Table(
    "view",
    metadata,
    Column("seq", Integer, primary_key=True, autoincrement=True),
    Column("at", String(40), nullable=False),
    Column("login", String(200), nullable=False),
    Column("name", String(200), nullable=False),
    Column("organisation", String(200), nullable=False),
    Column("what", String(60), nullable=False),
    Column("agreement_id", String(300), nullable=False),
    Column("subject", String(300), nullable=False),
    Column("hash", String(64), nullable=False),
    Index("view_by_agreement", "agreement_id", "seq"),
    sqlite_autoincrement=True,
)
leaves = Table(
    "leaf",
    metadata,
    Column("leaf", Integer, primary_key=True, autoincrement=False),
    Column("type", String(60), nullable=False),
    Column("agreement", String(64), nullable=False),
    Column("study", String(32), nullable=False),
    Column("at", String(40), nullable=False),
    Column("party", String(200), nullable=False),
    Index("leaf_by_study", "study", "leaf"),
    Index("leaf_by_agreement", "agreement", "leaf"),
    Index("leaf_by_type", "type", "leaf"),
    Index("leaf_by_party", "party", "type", "leaf"),
    Index("leaf_by_agreement_and_type", "agreement", "type", "leaf"),
)
studies = Table(
    "study",
    metadata,
    Column("seq", Integer, primary_key=True, autoincrement=True),
    Column("id", String(32), unique=True, nullable=False),
    Column("agreement", String(64), nullable=False),
    Column("agreement_id", String(300), nullable=False),
    Column("title", String(500), nullable=False),
    Column("requester", String(500), nullable=False),
    Column("method", String(60), nullable=False),
    Column("status", String(20), nullable=False),
    Column("round", Integer, nullable=False),
    Column("asked_at", String(40), nullable=False),
    Column("changed_at", String(40), nullable=False),
    Column("result_sha256", String(64), nullable=False),
    Column("reason", Text, nullable=False),
    Index("study_by_partnership", "agreement_id", "seq"),
    Index("study_by_status", "agreement_id", "status", "seq"),
    Index("study_by_requester", "requester", "seq"),
)
decisions = Table(
    "decision",
    metadata,
    Column("study", String(32), primary_key=True),
    Column("party", String(200), primary_key=True),
    Column("agreement_id", String(300), nullable=False),
    Column("decision", String(20), nullable=False),  # waiting, permit, refuse
    Column("leaf", Integer),
    Column("seq", Integer, nullable=False),
    Index("decision_by_party", "party", "decision", "seq"),
)
readers = Table(
    "reader",
    metadata,
    Column("key", String(16), primary_key=True),
    Column("organisation", String(200), primary_key=True, index=True),
    Column("invited_by", String(200), nullable=False),
    Column("at", String(40), nullable=False),
)
public = Table(
    "public",
    metadata,
    Column("key", String(16), primary_key=True),
    Column("published_by", String(200), nullable=False),
    Column("at", String(40), nullable=False),
)
drafts = Table(
    "draft",
    metadata,
    Column("id", String(32), primary_key=True),
    Column("account", Integer, nullable=False),
    Column("author", String(300), nullable=False),
    Column("agreement", String(64), nullable=False),
    Column("agreement_id", String(300), nullable=False),
    Column("kind", String(20), nullable=False),
    Column("title", String(500), nullable=False),
    Column("payload_type", String(100), nullable=False),
    Column("payload", LargeBinary, nullable=False),
    Column("signed", LargeBinary),
    Column("state", String(20), nullable=False),
    Column("created_at", Float, nullable=False),
    Index("draft_by_partnership", "agreement_id", "state", "created_at"),
)
cursor = Table("cursor", metadata, Column("name", String(40), primary_key=True), Column("value", Integer))

APPEND_ONLY = (
    "CREATE TRIGGER IF NOT EXISTS view_kept BEFORE DELETE ON view BEGIN SELECT RAISE(ABORT, 'append only'); END",
    "CREATE TRIGGER IF NOT EXISTS view_unchanged BEFORE UPDATE ON view BEGIN SELECT RAISE(ABORT, 'append only'); END",
)
"""For SQLite; on PostgreSQL the operator grants this program INSERT and SELECT alone on ``view``."""
