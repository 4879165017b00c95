"""The forms of one product together: text, options, variants, first pictures."""

import json

from django.db import transaction
from django.utils.functional import cached_property
from django.utils.translation import gettext as _

from sellers import catalog, variants
from sellers.forms import OptionFormSet, ProductForm, VariantFormSet
from sellers.models import Product, Seller, StockLevel
from sellers.pictures import MAX_PICTURES, UnusablePicture, add_picture
from sellers.stock import CountTooLow


class Editor:
    """Bound when data came; `save` makes or changes the product as a whole."""

    def __init__(self, seller: Seller, product: Product | None, data, files):
        self.seller, self.product = seller, product
        self.refused_pictures: list[str] = []
        bound = data or None
        self.form = ProductForm(bound, files or None, instance=product, seller=seller)
        self.options = OptionFormSet(
            bound, prefix="option", initial=None if bound else self.option_initial
        )
        self.variants = VariantFormSet(
            bound,
            prefix="variant",
            initial=None if bound else self.variant_initial,
            form_kwargs={"currency": seller.currency},
        )

    @property
    def parts(self):
        return [self.form, self.options, self.variants]

    def is_valid(self) -> bool:
        """Each part is looked at, so that every error shows at once."""
        return False not in [part.is_valid() for part in self.parts]

    @property
    def errors(self) -> bool:
        """Of a sent form: whether something of it was refused."""
        return self.form.is_bound and not self.is_valid()

    @cached_property
    def option_initial(self):
        options = variants.options_of(self.product) if self.product else []
        return [
            {"name": option.name, "values": ", ".join(option.values)}
            for option in options
        ]

    @cached_property
    def variant_initial(self):
        offered = variants.offered(self.product) if self.product else []
        return [initial_of(variant) for variant in offered]

    def save(self, by) -> Product:
        """All or nothing; pictures come after, each for itself."""
        with transaction.atomic():
            details = self.form.cleaned_data
            if self.product is None:
                product = catalog.create_product(self.seller, details)
            else:
                product = self.product
                catalog.update_details(product, details)
            options = self.options.options
            rows = variants.fill_rows(options, self.variants.rows)
            variants.save_variants(product, options, rows, by)
        self.add_pictures(product)
        return product

    def add_pictures(self, product: Product) -> None:
        files = self.form.cleaned_data["pictures"]
        self.refused_pictures = add_pictures(product, files)

    def refuse_count(self, error: CountTooLow) -> None:
        text = _("%(reserved)s are set aside for buyers who are paying right now.")
        self.form.add_error(None, text % {"reserved": error.reserved})


def add_pictures(product: Product, files) -> list[str]:
    """Add what can be used; the rest comes back as sentences, by file name."""
    refused = []
    room = MAX_PICTURES - product.media.count()
    for file in files:
        if room <= 0:
            refused.append(
                _("A product has %(most)s pictures at most.") % {"most": MAX_PICTURES}
            )
            break
        try:
            add_picture(product, file.read())
            room -= 1
        except UnusablePicture as error:
            refused.append(f"{file.name[:80]}: {error}")
    return refused


def initial_of(variant) -> dict:
    level = getattr(variant, "stock", None) or StockLevel(variant=variant)
    on_hand = level.on_hand
    return {
        "pk": variant.pk,
        "values": json.dumps(variant.option_values, ensure_ascii=False),
        "price": variant.price_minor,
        "compare_at": variant.compare_at_minor,
        "on_hand": on_hand,
        "shown_on_hand": on_hand,
        "sku": variant.sku,
        "weight_grams": variant.weight_grams,
        "is_active": variant.is_active,
        "policy": level.policy,
        "ships_on": level.ships_on,
        "backorder_limit": level.backorder_limit,
        "limit_per_buyer": variant.limit_per_buyer,
    }
