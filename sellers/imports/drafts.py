"""What a format makes of a table: products in words, nothing checked yet."""

from dataclasses import dataclass, field


@dataclass(frozen=True)
class Problem:
    """Why a row is refused, or, if it is not, what was changed."""

    row: int
    handle: str
    column: str
    message: str
    is_refusal: bool = True


@dataclass
class DraftVariant:
    row: int
    price: str
    choices: list[str] = field(default_factory=list)
    sku: str = ""
    compare_at: str = ""
    stock: str = ""
    # Whether it is sold on when there are none left; None where the file is silent.
    is_sold_on: bool | None = None
    weight: str = ""
    weight_unit: str = "g"
    currency: str = ""


@dataclass(frozen=True)
class DraftPicture:
    row: int
    url: str
    alt: str = ""


@dataclass
class DraftProduct:
    row: int
    handle: str
    title: str
    description: str = ""
    category: str = ""
    # A word for its class; empty where the file is silent.
    tax: str = ""
    # The name of one of the seller's delivery profiles; empty where the file is silent.
    delivery: str = ""
    options: list[str] = field(default_factory=list)
    variants: list[DraftVariant] = field(default_factory=list)
    pictures: list[DraftPicture] = field(default_factory=list)
    # Said by the format itself: this cannot be sold here, and why.
    refusal: str = ""

    @property
    def key(self) -> str:
        """What makes it the same product in the next file."""
        return self.handle.casefold()[:255]


@dataclass
class Drafts:
    products: list[DraftProduct] = field(default_factory=list)
    problems: list[Problem] = field(default_factory=list)
