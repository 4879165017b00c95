"""Shops, categories, products and pictures, made as their sellers would."""

import os
import random
from concurrent.futures import ThreadPoolExecutor
from datetime import timedelta
from html import escape

from django.db import transaction
from django.utils import timezone

from checkout.models import ShippingRate, ShippingZone
from marketplace.demo import people, shopfiles
from marketplace.moderation import decisions
from sellers import catalog, onboarding, pictures, variants
from sellers.models import Category, Product, Seller
from sellers.variants import Option, VariantRow

CATEGORIES = {
    "Kitchen & table": {
        "cups-mugs": "Cups & mugs",
        "tableware": "Plates & bowls",
        "serveware": "Tea & coffee",
    },
    "Home": {"vases-planters": "Vases & planters", "candles": "Candles & oil lamps"},
    "Lighting": {
        "table-lamps": "Table lamps",
        "floor-lamps": "Floor lamps",
        "pendants": "Pendants",
        "outdoor-lights": "Outdoor lights",
    },
    "Audio": {
        "headphones": "Headphones",
        "speakers": "Speakers",
        "turntables-radio": "Turntables & radio",
        "studio": "Studio",
    },
    "Beauty": {
        "face-care": "Face",
        "bath-body": "Bath & body",
        "hair": "Hair",
        "make-up": "Make-up",
        "fragrance": "Fragrance",
    },
    "Toys": {
        "baby-toys": "First toys",
        "figures": "Figures",
        "vehicles": "Cars, trains & boats",
        "building": "Building",
        "classics": "Classics",
    },
}
ROOT_SLUGS = {
    "Kitchen & table": "kitchen-table",
    "Home": "home",
    "Lighting": "lighting",
    "Audio": "audio",
    "Beauty": "beauty",
    "Toys": "toys",
}
EUROPE = [
    "AT",
    "BE",
    "CH",
    "CZ",
    "DE",
    "DK",
    "ES",
    "FI",
    "FR",
    "GB",
    "GR",
    "IE",
    "IT",
    "LU",
    "NL",
    "NO",
    "PL",
    "PT",
    "SE",
    "SI",
    "SK",
]


def plant_categories():
    for position, (name, children) in enumerate(CATEGORIES.items()):
        parent, _ = Category.objects.get_or_create(
            slug=ROOT_SLUGS[name], defaults={"name": name, "position": position}
        )
        for place, (slug, title) in enumerate(children.items()):
            Category.objects.get_or_create(
                slug=slug, defaults={"name": title, "parent": parent, "position": place}
            )


def open_shop(shop, moderator):
    """The seller of a shop's file: applied, approved, dressed, delivering."""
    owner = people.account(shop["owner_email"], shop["owner"])
    seller = Seller.objects.filter(slug=shop["slug"]).first()
    if seller is None:
        with transaction.atomic():
            seller = _new_shop(shop, owner, moderator)
    return seller


def _new_shop(shop, owner, moderator):
    details = {
        "name": shop["name"],
        "tagline": shop["tagline"],
        "description": shop["description"].strip(),
        "legal_name": shop["legal_name"],
        "email": owner.email,
        "business_address": shop["address"],
        "country": shop["country"],
    }
    seller = onboarding.apply_to_sell(owner, details)
    decisions.approve_seller(seller, moderator)
    seller.refresh_from_db()
    for field, path, size in (
        (seller.banner, shopfiles.banner_path(shop), (1500, 500)),
        (seller.avatar, shopfiles.avatar_path(shop), (400, 400)),
    ):
        picture = pictures.encode_to_fit(path.read_bytes(), size)
        field.save(picture.name, picture, save=False)
    long_ago = timezone.now() - timedelta(days=120)
    seller.applied_at, seller.approved_at = long_ago, long_ago + timedelta(days=1)
    seller.save(update_fields=["banner", "avatar", "applied_at", "approved_at"])
    _add_rates(seller)
    return seller


def _add_rates(seller):
    near = list(dict.fromkeys([str(seller.country), "DE", "FR", "NL", "BE"]))
    zone = ShippingZone.objects.create(seller=seller, name="Europe", countries=EUROPE)
    ShippingRate.objects.bulk_create(
        [
            ShippingRate(
                seller=seller, name="Standard", zone=zone, countries=EUROPE,
                price_minor=490, free_from_minor=6000, min_days=2, max_days=5,
                position=0,
            ),
            ShippingRate(
                seller=seller, name="Express", countries=near,
                price_minor=1290, min_days=1, max_days=2, position=1,
            ),
            ShippingRate(
                seller=seller, name="Worldwide", price_minor=2490, min_days=6,
                max_days=14, position=2,
            ),
        ]
    )  # fmt: skip


def fill_shop(shop, seller):
    """Put the shop's products on sale, those that are not there yet."""
    there = set(seller.products.values_list("title", flat=True))
    missing = [p for p in shop["products"] if p["title"] not in there]
    # Encoding lets go of Python's lock; the database work below stays in one thread.
    with ThreadPoolExecutor(os.cpu_count()) as pool:
        encoded = {
            product["slug"]: [
                (finish, angle, pool.submit(_encoded, shop, product, finish, angle))
                for finish, angle in pictures_of(product)
            ]
            for product in missing
        }
        for nth, product in enumerate(missing):
            with transaction.atomic():
                made = _new_product(shop, seller, product, encoded[product["slug"]])
                _put_on_sale(made, product, nth)


def pictures_of(product):
    """(finish, angle): every variant once, the first one from two sides."""
    first, *others = product["finishes"]
    return [(first, 1), (first, 2), *((finish, 1) for finish in others)]


def _encoded(shop, product, finish, angle):
    path = shopfiles.picture_path(shop, product, finish, angle)
    return pictures.encode(path.read_bytes())


def _new_product(shop, seller, product, encoded):
    made = catalog.create_product(
        seller,
        {
            "title": product["title"],
            "category": Category.objects.get(slug=product["category"]),
            "description": description_of(product),
        },
    )
    owner = seller.members.get(role="owner").user
    variants.save_variants(made, *_variants(shop, product), by=owner)
    media = {}
    for finish, angle, future in encoded:
        colour = shop["option"]["values"][finish]
        alt = f"{product['title']}, {colour}"
        if angle > 1:
            alt += ", from nearer"
        picture = pictures.attach(made, future.result(), alt)
        media.setdefault(colour, picture)
    for variant in made.variants.all():
        variant.media = media[variant.option_values[0]]
        variant.save(update_fields=["media"])
    return made


def description_of(product):
    facts = "".join(f"<li>{escape(fact)}</li>" for fact in product["facts"])
    return f"<p>{escape(product['text'])}</p><ul>{facts}</ul>"


def _variants(shop, product):
    """The options and a row for each variant."""
    option = shop["option"]
    colours = tuple(option["values"][finish] for finish in product["finishes"])
    options = [Option(option["name"], colours)]
    packs = product.get("packs")
    if packs:
        options.append(Option("Size", tuple(name for name, _ in packs)))
    dice = random.Random(f"stock {product['slug']}")
    rows = [
        VariantRow(
            values=(colour, name) if packs else (colour,),
            price_minor=price,
            compare_at_minor=product.get("compare_at"),
            weight_grams=product["grams"],
            on_hand=dice.choices([0, 3, 8, 25, 60], [1, 2, 3, 6, 4])[0],
        )
        for colour in colours
        for name, price in packs or [("", product["price"])]
    ]
    rows[0].on_hand = max(rows[0].on_hand, 12)  # what the videos show can be bought
    return options, rows


def _put_on_sale(made, product, nth):
    catalog.submit(made)
    made.refresh_from_db()
    if product.get("in_review"):
        return
    made.publish()
    then = timezone.now() - timedelta(days=6 + 7 * nth, hours=3 * nth)
    Product.objects.filter(pk=made.pk).update(created_at=then, published_at=then)
