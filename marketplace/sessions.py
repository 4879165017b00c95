"""Sessions in the database, which tell an outage from a session that has been ended."""

from django.contrib.sessions.backends import db
from django.contrib.sessions.backends.base import UpdateError
from django.db import DatabaseError

from marketplace.outages import is_outage


class SessionStore(db.SessionStore):
    @property
    def is_read(self) -> bool:
        """And may have been changed since."""
        return hasattr(self, "_session_cache")

    def take(self, session_data: str) -> None:
        """What somebody else has read of its row."""
        self._session_cache = self.decode(session_data)

    def save(self, must_create=False):
        """One UPDATE, where Django begins and ends a transaction around it.

        Django calls whatever goes wrong there a deleted session, and answers 400.
        """
        if must_create or self.session_key is None:
            return super().save(must_create)
        row = self.create_model_instance(self._get_session())
        try:
            row.save(force_update=True)
        except DatabaseError as error:
            if is_outage(error):
                raise
            raise UpdateError from error
        return None
