"""The database: one engine a process, one session a request, one commit a use case."""

from __future__ import annotations

from collections.abc import Iterator
from contextlib import contextmanager
from datetime import datetime
from functools import cached_property
from typing import Any, ClassVar, cast
from uuid import UUID

from flask import Flask, current_app, g
from sqlalchemy import DateTime, Engine, ForeignKey, MetaData, Table, create_engine, event
from sqlalchemy.dialects.postgresql import JSONB
from sqlalchemy.engine import make_url
from sqlalchemy.orm import DeclarativeBase, Mapped, Session, mapped_column, sessionmaker
from sqlalchemy.types import Uuid
from werkzeug.local import LocalProxy

from backend.config import Settings
from backend.core import embedded
from backend.core.ids import new_id
from backend.core.tenancy import apply_scope

APP_ROLE = "lumbra_app"

# A response is written last, with what the person was told; what refers to it comes before it.
AT_COMMIT: dict[str, Any] = {"deferrable": True, "initially": "DEFERRED"}


class Base(DeclarativeBase):
    """Root of all tables. Instants are ``timestamptz`` in UTC; documents are ``jsonb``."""

    metadata = MetaData(
        naming_convention={
            "ix": "ix_%(table_name)s_%(column_0_N_name)s",
            "uq": "uq_%(table_name)s_%(column_0_N_name)s",
            "ck": "ck_%(table_name)s_%(constraint_name)s",
            "fk": "fk_%(table_name)s_%(column_0_N_name)s",
            "pk": "pk_%(table_name)s",
        }
    )
    type_annotation_map: ClassVar[dict[Any, Any]] = {
        datetime: DateTime(timezone=True),
        UUID: Uuid(),
        dict[str, Any]: JSONB(none_as_null=True),
        list[Any]: JSONB(none_as_null=True),
    }


def table_of(model: type[Base]) -> Table:
    """A model's table, for statements that need none of what the mapper adds."""
    return cast(Table, model.__table__)


class Identified:
    """A row with a time-ordered id."""

    id: Mapped[UUID] = mapped_column(primary_key=True, default=new_id)


class OwnedByPractice(Identified):
    """A row that belongs to one practice; row-level security hides it from every other."""

    practice_id: Mapped[UUID] = mapped_column(ForeignKey("practice.id"))


class Database:
    """Builds the engine on first use, so that commands that need no database start none."""

    def __init__(self, settings: Settings) -> None:
        self._settings = settings
        self.sessions = sessionmaker(expire_on_commit=False)
        event.listen(self.sessions, "after_begin", apply_scope)

    @cached_property
    def url(self) -> str:
        """SQLAlchemy URL of the server in use; starts the embedded one when none is configured."""
        configured = self._settings.database_url
        if configured is None:
            return embedded.start(self._settings.var / "postgres")
        return (
            make_url(configured)
            .set(drivername="postgresql+psycopg")
            .render_as_string(hide_password=False)
        )

    @cached_property
    def engine(self) -> Engine:
        """Connections of the application's own role: it can neither alter tables nor the trail."""
        return create_engine(
            self.url,
            pool_size=self._settings.database_pool_size,
            max_overflow=5,
            pool_pre_ping=self._settings.environment == "production",
            # An error names its statement; its values are people's.
            hide_parameters=True,
            connect_args={"options": f"-c role={APP_ROLE} -c timezone=UTC"},
        )

    def new_session(self) -> Session:
        """A session of its own, not the request's."""
        if self.sessions.kw.get("bind") is None:
            self.sessions.configure(bind=self.engine)
        return self.sessions()


def _session() -> Session:
    if "session" not in g:
        g.session = current_app.extensions["database"].new_session()
    session: Session = g.session
    return session


session: Session = LocalProxy(_session)  # type: ignore[assignment]


@contextmanager
def unit_of_work() -> Iterator[None]:
    """One commit at the end of the block; nothing of it when it raises. For ticks and jobs."""
    try:
        yield
        session.commit()
    except BaseException:
        session.rollback()
        raise


def close_session(error: BaseException | None = None) -> None:
    """Give the request's connection back; whatever was not committed is undone."""
    opened: Session | None = g.pop("session", None)
    if opened is not None:
        opened.close()


def init_app(app: Flask, settings: Settings) -> None:
    """Hang the database on the app and close each request's session after it."""
    app.extensions["database"] = Database(settings)
    app.teardown_appcontext(close_session)
