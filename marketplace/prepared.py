"""Queries that pages ask over and over, which are built once and planned once.

To build the SQL of a large query takes longer than PostgreSQL takes to answer it, and
to plan it often as long.  What differs from one asking to the next has a name in it,
and is given with each: beside the text, not in it.
"""

from collections.abc import Callable
from functools import lru_cache

import psycopg
from django.db import NotSupportedError, connection
from django.db.models import Expression, QuerySet
from django.db.models.expressions import RawSQL
from psycopg.pq import Format

# Of each query so many kinds.
KINDS = 64


class Given(Expression):
    """The place of a value of this name."""

    def __init__(self, name, output_field):
        super().__init__(output_field=output_field)
        self.name = name

    def as_sql(self, compiler, connection):
        return "%s", [self]

    def spelled(self, value):
        return value


class GivenKeys(Given):
    def spelled(self, value):
        """As PostgreSQL reads them: psycopg would look at each of the hundreds."""
        keys = ",".join(map(str, map(int, value)))
        return f"{{{keys}}}"


def given_keys(name: str) -> RawSQL:
    """The place of a list of keys, to be looked up with `__in`."""
    return RawSQL("SELECT unnest(%s::bigint[])", [GivenKeys(name, None)])


class Cursor(psycopg.Cursor):
    """Each connection has a statement planned once, and then gives it values alone."""

    def execute(self, query, params=None):
        super().execute(query, params, prepare=True)
        # Where Django looks for what it logs.
        self._query = self._convert_query(query)
        return self


class Prepared:
    """`build` makes a query set of `values_list`, for some kinds of question.

    Whatever else the SQL depends on, as the day of today, has to be a part of the kind.
    `is_binary`: many rows, or bytes, are read faster in PostgreSQL's own form; of JSON
    Django knows the text alone.
    """

    def __init__(self, build: Callable[..., QuerySet], *, is_binary: bool = False):
        self.build = build
        self.format = Format.BINARY if is_binary else Format.TEXT
        self.made = lru_cache(KINDS)(self.make)

    def make(self, *kind):
        compiler = self.build(*kind).query.get_compiler(connection=connection)
        sql, params = compiler.as_sql()
        columns = [column for column, *_ in compiler.select]
        return sql, params, compiler.get_converters(columns)

    def rows(self, *kind, **given) -> list[tuple]:
        sql, params, converters = self.made(*kind)
        params = [
            p.spelled(given[p.name]) if isinstance(p, Given) else p for p in params
        ]
        rows = self.answer(sql, params)
        return [converted(row, converters) for row in rows] if converters else rows

    def answer(self, sql, params):
        try:
            return self.ask(sql, params)
        except NotSupportedError:
            if connection.in_atomic_block:
                raise
            # A migration changed a column since this connection had it planned.
            connection.connection.close()
            connection.close()
            return self.ask(sql, params)

    def ask(self, sql, params):
        with connection.cursor() as cursor:
            # Django's own writes the values into the text, which is then another one.
            cursor.cursor = Cursor(connection.connection)
            cursor.cursor.format = self.format
            cursor.execute(sql, params)
            return cursor.fetchall()


def converted(row, converters):
    """As Django hands out the columns that PostgreSQL has in another form."""
    values = list(row)
    for place, (functions, column) in converters.items():
        for function in functions:
            values[place] = function(values[place], column, connection)
    return values
