"""From an application to sell to a refunded line, as three people and a guest do it."""

import secrets
from dataclasses import dataclass, field
from itertools import cycle
from pathlib import Path
from urllib.parse import urlencode, urlsplit

import requests

from marketplace.journey.visitor import JourneyFailed, Visitor

PASSWORD = "a journey of a thousand miles"
# Stripe's test card that needs no authentication.
CARD = {
    "payment_method_data[type]": "card",
    "payment_method_data[card][number]": "4242424242424242",
    "payment_method_data[card][exp_month]": "12",
    "payment_method_data[card][exp_year]": "40",
    "payment_method_data[card][cvc]": "123",
}
ON_SALE_EACH = 3


@dataclass
class Shop:
    """A seller on the way, with the files that the journey brings along."""

    name: str
    catalogue: Path
    videos: list[Path]
    person: Visitor
    email: str
    products: list[str] = field(default_factory=list)
    studios: list[str] = field(default_factory=list)
    orders: list[str] = field(default_factory=list)


def make_shop(site: str, name: str, catalogue: Path, videos: list[Path]) -> Shop:
    for file in [catalogue, *videos]:
        if not file.is_file():
            raise JourneyFailed(f"{file} is missing")
    name = f"{name} {secrets.token_hex(3)}"
    email = f"journey-{secrets.token_hex(6)}@example.com"
    return Shop(name, catalogue, videos, Visitor(site), email)


def sign_up(shop: Shop) -> str:
    person = shop.person
    person.open("/accounts/signup/")
    person.submit("/accounts/signup/", email=shop.email, password1=PASSWORD)
    code = person_code(Visitor(person.site), shop.email)
    person.submit("/accounts/confirm-email/", code=code)
    return shop.email


def person_code(reader: Visitor, email: str) -> str:
    """The code in the mail that confirms an address, from the page of mails."""

    def letter():
        for link in reader.page.select(".inbox-message"):
            if email in link.get_text():
                return link["href"]
        return None

    reader.open(reader.wait_for("/dev/mail/", letter, seconds=30))
    words = reader.text("[data-letter]").split()
    codes = [word for word in words if len(word) == 9 and word[4] == "-"]
    if not codes:
        raise JourneyFailed(f"the mail to {email} has no code")
    return codes[0]


def apply(shop: Shop) -> str:
    shop.person.open("/sell/")
    shop.person.submit(
        "",
        name=shop.name,
        description="Things that a journey brought.",
        legal_name=f"{shop.name} Ltd",
        business_address="1 Long Road, 10115 Berlin",
        country="DE",
        email=shop.email,
    )
    return shop.person.text("h1")


def decide(moderator: Visitor, kind: str, name: str, choice: str) -> str:
    """Find `name` in the desk's list of `kind`, and decide."""
    moderator.open(f"/admin/{kind}/?q={name.replace(' ', '+')}")
    links = moderator.page.select("#result_list th a")
    if not links:
        raise JourneyFailed(f"the desk does not list {name} under {kind}")
    moderator.open(links[0]["href"])
    decisions = [
        link["href"]
        for link in moderator.page.select("a[href]")
        if link["href"].endswith(f"/decide/{choice}/")
    ]
    if not decisions:
        raise JourneyFailed(f"{name} cannot be decided: {choice}")
    moderator.open(decisions[0])
    moderator.submit("")
    return name


def set_delivery(shop: Shop) -> str:
    shop.person.open("/seller/shipping/new/")
    shop.person.submit(
        "", name="Standard", price_minor="4.90", min_days="2", max_days="4",
        is_active=True,
    )  # fmt: skip
    return "Standard"


def connect_account(shop: Shop) -> str:
    """Through the sandbox's onboarding page, back to the seller centre."""
    person = shop.person
    person.open("/seller/payouts/")
    person.submit("/seller/payouts/connect/")
    person.submit("", button="submit")
    person.wait_for("/seller/payouts/", lambda: person.texts(".badge-good"), seconds=30)
    return "can be paid"


def import_catalogue(shop: Shop) -> str:
    person = shop.person
    person.open("/seller/import/")
    with shop.catalogue.open("rb") as file:
        person.submit("", file=file)
    address = person.path
    person.wait_for(
        address, lambda: person.page.select('form[action$="/start/"]'), seconds=60
    )
    start = {}
    if person.page.select_one('form[action$="/start/"] [name=default_stock]'):
        start["default_stock"] = "25"
    person.submit("/start/", **start)
    person.wait_for(
        address,
        lambda: person.page.select('a[href*="/seller/products/?status=draft"]'),
        seconds=120,
    )
    return person.text("#import h2, #import h1, h1")


def make_ready(shop: Shop, pictures: list[Path]) -> str:
    """Give a few drafts pictures and stock, and submit them for review."""
    person = shop.person
    person.open("/seller/products/?status=draft")
    drafts = [link["href"] for link in person.page.select("a.products-name")]
    if len(drafts) < ON_SALE_EACH:
        raise JourneyFailed(f"{shop.name} has {len(drafts)} drafts only")
    for address, picture in zip(drafts, pictures, strict=False):
        person.open(address)
        with picture.open("rb") as file:
            person.submit("/pictures/", pictures=file)
        person.open(address)
        person.submit("/submit/")
        shop.products.append(person.text("h1"))
        if len(shop.products) == ON_SALE_EACH:
            break
    return ", ".join(shop.products)


def upload(shop: Shop, file: Path) -> str:
    person = shop.person
    person.open("/seller/videos/upload/")
    with file.open("rb") as video:
        person.submit("", files=video)
    if person.page.select_one("[data-upload]"):
        raise JourneyFailed(f"{person.path} is not the page of {file.name}")
    shop.studios.append(person.path)
    return f"{file.stat().st_size / 1e6:.1f} MB"


def wait_for_transcoding(shop: Shop, seconds: float) -> str:
    """Ready means that the page offers the tagging."""
    person = shop.person
    for studio in shop.studios:

        def is_ready(address=f"{studio}tags/"):
            if refusals := person.texts(".alert-error"):
                raise JourneyFailed(f"{person.path}: {'; '.join(refusals)}")
            return person.page.select(f'a[href="{address}"]')

        person.wait_for(studio, is_ready, seconds=seconds)
    return f"{len(shop.studios)} ready"


def tag(shop: Shop) -> str:
    """Search one of the products on sale for each video, and put it in."""
    person = shop.person
    for studio, title in zip(shop.studios, cycle(shop.products), strict=False):
        person.open(f"{studio}tags/?{urlencode({'q': title})}")
        button = person.page.select_one("button[name=add]")
        if button is None:
            raise JourneyFailed(f"{person.path} offers no product to tag")
        person.submit("", button=button["value"])
    return f"{len(shop.studios)} tagged"


def submit_videos(shop: Shop) -> list[str]:
    titles = []
    for studio in shop.studios:
        shop.person.open(studio)
        titles.append(shop.person.page.select_one("[name=title]")["value"])
        shop.person.submit("/submit/")
    return titles


def watch(guest: Visitor, shops: list[Shop]) -> str:
    """The feed shows the new videos, and each one's files are there."""
    seen = 0
    for shop in shops:
        for studio in shop.studios:
            page = guest.open(f"/v/{studio.strip('/').split('/')[-1]}/")
            sources = [node["src"] for node in page.select("video source[src]")]
            if not sources:
                raise JourneyFailed(f"{guest.path} has nothing to play")
            for source in sources:
                answer = guest.browser.session.get(
                    guest.browser.absolute_url(source), timeout=30
                )
                if answer.status_code != 200 or not answer.content:
                    raise JourneyFailed(f"{source}: {answer.status_code}")
            seen += 1
    guest.open("/")
    return f"{seen} play"


def fill_cart(guest: Visitor, shops: list[Shop]) -> str:
    """One product of each shop, opened from a video in which it is tagged."""
    for shop in shops:
        guest.open(f"/v/{shop.studios[0].strip('/').split('/')[-1]}/")
        links = [a for a in guest.links("/s/") if urlsplit(a).path.count("/") == 4]
        if not links:
            raise JourneyFailed(f"{guest.path} links no product")
        guest.open(links[0])
        guest.submit("/cart/add/", quantity="1")
    guest.open("/cart/")
    return guest.text("h1")


def check_out(guest: Visitor) -> str:
    """Place the order; the address of the payment page."""
    guest.open("/checkout/")
    guest.submit(
        "/checkout/",
        email="journey-guest@example.com",
        name="Gil Guest",
        line1="5 Any Street",
        postal_code="10115",
        city="Berlin",
        country="DE",
    )
    return guest.path


def pay(guest: Visitor, stripe: str) -> str:
    """What Stripe's card form does; the return page and the webhook do the rest."""
    payment = guest.page.select_one("[data-payment]")
    if payment is None:
        raise JourneyFailed(f"{guest.path} offers no payment")
    secret = payment["data-client-secret"]
    intent = secret.split("_secret_")[0]
    answer = requests.post(
        f"{stripe}/v1/payment_intents/{intent}/confirm",
        data=CARD | {"key": payment["data-stripe-key"], "client_secret": secret},
        timeout=30,
    ).json()
    if answer.get("status") != "succeeded":
        raise JourneyFailed(f"the payment is {answer}")
    guest.open(payment["data-return-url"])
    return guest.text("h1")


def ship(shop: Shop) -> str:
    person = shop.person
    orders = person.wait_for(
        "/seller/orders/", lambda: numbered(person.links("/seller/orders/")), seconds=60
    )
    shop.orders = orders
    person.open(orders[0])
    person.submit("", carrier="DHL", tracking_number="JD0142")
    return person.text("h1")


def numbered(links: list[str]) -> list[str]:
    return [link for link in links if link.strip("/").split("/")[-1].isdigit()]


def deliver(shop: Shop) -> str:
    shop.person.open(shop.orders[0])
    shop.person.submit("/delivered/")
    return shop.person.text("h1")


def refund_one(shop: Shop) -> str:
    """Pay one unit of the first line back; the rest of the form says how many."""
    person = shop.person
    person.open(f"{shop.orders[0]}refund/")
    names = [node["name"] for node in person.page.select("input[name^=line-]")]
    quantities = dict.fromkeys(names, "0") | {names[0]: "1"}
    person.submit("", reason="Scratched", **quantities)
    return "one unit"


def follow_parcels(guest: Visitor, order: str) -> str:
    """The guest's page tells of both parcels and of the money that comes back."""
    guest.wait_for(
        order,
        lambda: (
            len(guest.texts(".timeline li")) > 0
            and guest.page.get_text().count("JD0142") >= 2
        ),
        seconds=60,
    )
    return guest.text("h1")
