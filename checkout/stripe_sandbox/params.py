"""Form-encoded requests as Stripe takes them: nested by square brackets."""

import re
from urllib.parse import parse_qsl

from checkout.stripe_sandbox.errors import not_begun

PART = re.compile(r"\[([^\]]*)\]")


def decode(text: str) -> dict:
    """`a[b]=1&c[0]=x` becomes {"a": {"b": "1"}, "c": {"0": "x"}}."""
    tree: dict = {}
    for name, value in parse_qsl(text, keep_blank_values=True):
        first, _, rest = name.partition("[")
        path = [first, *PART.findall("[" + rest if rest else "")]
        node = tree
        for part in path[:-1]:
            node = node.setdefault(part or str(len(node)), {})
        node[path[-1] or str(len(node))] = value
    return tree


class Params:
    """The parameters of one request; unknown and missing ones are refused."""

    def __init__(self, tree: dict):
        self.tree = tree

    def accept(self, *known: str, required: tuple = ()) -> None:
        for name in self.tree:
            if name not in known and name not in required:
                raise not_begun(
                    f"Received unknown parameter: {name}",
                    code="parameter_unknown",
                    param=name,
                )
        for name in required:
            if self.tree.get(name) in (None, ""):
                raise not_begun(
                    f"Missing required param: {name}.",
                    code="parameter_missing",
                    param=name,
                )

    def text(self, name: str, default=None):
        return self.tree.get(name) or default

    def integer(self, name: str, default=None):
        value = self.tree.get(name)
        if value is None:
            return default
        if not re.fullmatch(r"-?\d+", value):
            raise not_begun(
                f"Invalid integer: {value}",
                code="parameter_invalid_integer",
                param=name,
            )
        return int(value)

    def amount(self, name: str = "amount", default=None):
        value = self.integer(name)
        if value is None:
            return default
        if value < 1:
            raise not_begun(
                "This value must be greater than or equal to 1.",
                code="parameter_invalid_integer",
                param=name,
            )
        return value

    def currency(self):
        value = self.tree.get("currency", "")
        if not re.fullmatch("[a-z]{3}", value):
            raise not_begun(f"Invalid currency: {value}", param="currency")
        return value

    def flag(self, name: str) -> bool:
        return self.tree.get(name) == "true"

    def mapping(self, name: str) -> dict:
        value = self.tree.get(name) or {}
        if not isinstance(value, dict):
            raise not_begun("Invalid object", param=name)
        return value

    def sequence(self, name: str) -> list:
        return list(self.mapping(name).values())
