import time
from pathlib import Path

from django.conf import settings
from django.core.management import call_command
from django.core.management.base import BaseCommand, CommandError

from marketplace.demo import credentials
from marketplace.journey import first_sale as steps
from marketplace.journey.visitor import JourneyFailed, Visitor

CATALOGUES = {
    "Packt": "catalogues/shopify/packt_product-data.csv",
    "Ceramiche": "catalogues/etsy/etsy_italian_ceramics.csv",
}
VIDEOS = {
    "Packt": ["01_*", "03_*", "09_*"],
    "Ceramiche": ["10_*", "13_*", "38_*"],
}
PICTURES = "catalogues/photos_cc0/*.jpg"
TRANSCODING_SECONDS = 600


class Command(BaseCommand):
    help = "Open two shops on a running site, sell, ship and refund; time each step"

    def add_arguments(self, parser):
        parser.add_argument("folder", type=Path, help="of catalogues and videos")
        parser.add_argument("--site", default=settings.SITE_URL)
        parser.add_argument("--moderator", default=credentials.MODERATOR)
        parser.add_argument("--password", default=credentials.PASSWORD)

    def handle(self, **options):
        self.site, self.folder = options["site"].rstrip("/"), options["folder"]
        self.started_at = time.monotonic()
        try:
            self.travel(options["moderator"], options["password"])
        except (JourneyFailed, OSError) as failure:
            raise CommandError(f"The journey ends here: {failure}") from failure
        call_command("ledger_check", stdout=self.stdout)
        self.stdout.write(f"Green, in {time.monotonic() - self.started_at:.0f} s.")

    def travel(self, email, password):
        moderator = Visitor(self.site)
        moderator.open("/accounts/login/")
        self.step(
            "the moderator signs in",
            moderator.submit,
            "/accounts/login/",
            login=email,
            password=password,
        )
        shops = [self.shop(name) for name in CATALOGUES]
        pictures = sorted(self.folder.glob(PICTURES))
        for shop in shops:
            self.open_shop(shop, moderator, pictures)
        self.film(shops, moderator)
        self.sell(shops)

    def shop(self, name):
        videos = [
            next((self.folder / "media").glob(pattern), self.folder / pattern)
            for pattern in VIDEOS[name]
        ]
        return steps.make_shop(self.site, name, self.folder / CATALOGUES[name], videos)

    def open_shop(self, shop, moderator, pictures):
        self.stdout.write(f"{shop.name}:")
        self.step("signs up", steps.sign_up, shop)
        self.step("applies to sell", steps.apply, shop)
        self.step(
            "is approved",
            steps.decide,
            moderator,
            "sellers/seller",
            shop.name,
            "approve",
        )
        self.step("sets a delivery rate", steps.set_delivery, shop)
        self.step("connects an account", steps.connect_account, shop)
        self.step(f"imports {shop.catalogue.name}", steps.import_catalogue, shop)
        self.step("adds pictures, submits", steps.make_ready, shop, pictures)
        for title in shop.products:
            self.step(
                "has a product approved",
                steps.decide, moderator, "sellers/product", title, "publish",
            )  # fmt: skip

    def film(self, shops, moderator):
        for shop in shops:
            for video in shop.videos:
                self.step(
                    f"{shop.name} uploads {video.name}", steps.upload, shop, video
                )
        for shop in shops:
            self.step(
                f"{shop.name}: transcoding",
                steps.wait_for_transcoding, shop, TRANSCODING_SECONDS,
            )  # fmt: skip
            self.step(f"{shop.name} tags", steps.tag, shop)
            for title in steps.submit_videos(shop):
                self.step(
                    "has a video approved",
                    steps.decide, moderator, "videos/video", title, "approve",
                )  # fmt: skip

    def sell(self, shops):
        guest = Visitor(self.site)
        self.step("a guest watches", steps.watch, guest, shops)
        self.step("the guest fills a cart", steps.fill_cart, guest, shops)
        self.step("the guest checks out", steps.check_out, guest)
        self.step("the guest pays", steps.pay, guest, settings.STRIPE_API_BASE)
        order = guest.path
        for shop in shops:
            self.step(f"{shop.name} ships", steps.ship, shop)
        self.step("the guest follows the parcels", steps.follow_parcels, guest, order)
        for shop in shops:
            self.step(f"{shop.name} delivers", steps.deliver, shop)
        self.step(f"{shops[0].name} refunds a line", steps.refund_one, shops[0])

    def step(self, name, act, *args, **kwargs):
        before = time.monotonic()
        said = act(*args, **kwargs)
        seconds = time.monotonic() - before
        note = said if isinstance(said, str) else ""
        self.stdout.write(f"{seconds:7.2f} s  {name}  {note}")
        return said
