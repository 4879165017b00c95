"""Queries that pages ask over and over, whose SQL Django builds once.

To build the SQL of a large query takes longer than PostgreSQL takes to answer it.  What
differs from one asking to the next has a name in it, and is given with each.
"""

from collections.abc import Callable
from functools import lru_cache

from django.db import connection
from django.db.models import Expression, QuerySet
from django.db.models.expressions import RawSQL

# Of each query so many kinds.
KINDS = 64


class Given(Expression):
    """The place of a value of this name."""

    def __init__(self, name, output_field):
        super().__init__(output_field=output_field)
        self.name = name

    def as_sql(self, compiler, connection):
        return "%s", [self]


def given_keys(name: str) -> RawSQL:
    """The place of a list of keys, to be looked up with `__in`."""
    return RawSQL("SELECT unnest(%s::bigint[])", [Given(name, None)])


class Prepared:
    """`build` makes a query set of `values_list`, for some kinds of question.

    Whatever else the SQL depends on, as the day of today, has to be a part of the kind.
    """

    def __init__(self, build: Callable[..., QuerySet]):
        self.build = build
        self.made = lru_cache(KINDS)(self.make)

    def make(self, *kind):
        compiler = self.build(*kind).query.get_compiler(connection=connection)
        sql, params = compiler.as_sql()
        columns = [column for column, *_ in compiler.select]
        return sql, params, compiler.get_converters(columns)

    def rows(self, *kind, **given) -> list[tuple]:
        sql, params, converters = self.made(*kind)
        params = [given[p.name] if isinstance(p, Given) else p for p in params]
        with connection.cursor() as cursor:
            cursor.execute(sql, params)
            rows = cursor.fetchall()
        return [converted(row, converters) for row in rows] if converters else rows


def converted(row, converters):
    """As Django hands out the columns that PostgreSQL has in another form."""
    values = list(row)
    for place, (functions, column) in converters.items():
        for function in functions:
            values[place] = function(values[place], column, connection)
    return values
