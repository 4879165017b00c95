"""Rows that move from state to state along arrows that a model lists."""

from enum import Enum

from django.db import models


class StatefulModel(models.Model):
    """A row whose `status` only `advance` changes."""

    # What may follow what: {status: {statuses}}.
    NEXT: dict
    # What is raised when there is no such arrow from where the row is.
    Conflict: type[Exception]

    class Meta:
        abstract = True

    def advance(self, status, **fields):
        """Move to `status` and set `fields`, or raise the model's Conflict.

        One conditional UPDATE: of two processes that race, one wins, one raises.
        `fields` are values, no expressions: they are not read back.
        """
        previous = [s for s, following in self.NEXT.items() if status in following]
        movable = type(self)._base_manager.filter(pk=self.pk, status__in=previous)
        if not movable.update(status=status, **fields):
            name = self._meta.verbose_name
            raise self.Conflict(f"{name} {self.pk} cannot become {status}")
        for name, value in {"status": status, **fields}.items():
            # As it would be read: text is no member of an enumeration.
            setattr(self, name, value.value if isinstance(value, Enum) else value)

    advance.alters_data = True  # never from a template
