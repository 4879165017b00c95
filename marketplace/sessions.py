"""Sessions in the database, which tell an outage from a session that has been ended."""

from django.contrib.sessions.backends import db
from django.contrib.sessions.backends.base import UpdateError

from marketplace.outages import is_outage


class SessionStore(db.SessionStore):
    def save(self, must_create=False):
        """Django calls whatever goes wrong here a deleted session, and answers 400."""
        try:
            super().save(must_create)
        except UpdateError as error:
            if is_outage(error.__context__):
                raise error.__context__ from error.__context__.__cause__
            raise
