"""The seed from which default passwords and secrets are derived, so that a restart keeps them."""

import os
from collections.abc import Mapping
from secrets import token_urlsafe

from sqlalchemy.orm import Mapped, mapped_column

from portal_sandbox.database import Database
from portal_sandbox.store import Store
from portal_sandbox.tables import Base
from portal_sandbox.tokens import Tokens


class SeedRow(Base):
    """The seed of a database: the only row."""

    __tablename__ = "candela_seed"

    key: Mapped[int] = mapped_column(primary_key=True)
    seed: Mapped[str]


def seed(tokens: Mapping[str, str] | None, db: str | os.PathLike[str] | None) -> str:
    """Return the seed stored in the database, else one made of the tokens, else a random one.

    Raises SandboxError where the database cannot be used, and ValueError for invalid tokens.
    """
    if db is not None:
        store = Store(db)
        store.open()
        try:
            return stored(store.database)
        finally:
            store.close()
    if tokens is not None:
        Tokens(tokens)
        return "\n".join(sorted(tokens))
    return token_urlsafe(32)


def stored(database: Database) -> str:
    """Return the seed of an open database, which gets one where it has none."""
    with database.reading() as db:
        row = db.get(SeedRow, 1)
    if row is not None:
        return row.seed
    with database.writing() as db:
        row = db.get(SeedRow, 1)
        if row is None:
            row = SeedRow(key=1, seed=token_urlsafe(32))
            db.add(row)
        return row.seed
