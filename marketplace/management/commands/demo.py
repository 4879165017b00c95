from django.conf import settings
from django.core.management.base import BaseCommand, CommandError

from checkout import buying_together
from marketplace.accounts.models import User
from marketplace.demo import (
    audience,
    catalogue,
    clips,
    credentials,
    desk,
    people,
    shopfiles,
    trade,
)
from marketplace.demo.sandbox import running_sandbox
from sellers.models import Product, Review
from videos.models import Video


class Command(BaseCommand):
    help = "Fill the site with the demo.  A second run adds only what is missing."

    def add_arguments(self, parser):
        parser.add_argument(
            "--yes-make-demo-accounts",
            action="store_true",
            help="without DEBUG: make accounts whose passwords everybody knows",
        )
        parser.add_argument(
            "--accounts", action="store_true", help="only say whom to sign in as"
        )
        parser.add_argument(
            "--without-accounts",
            action="store_true",
            help="do not say whom to sign in as",
        )
        parser.add_argument("--shops", type=int, help="only so many of the shops")
        parser.add_argument("--videos", type=int, help="only so many of the videos")

    def handle(self, *args, **options):
        if not options["accounts"]:
            self.fill(options)
        if not options["without_accounts"]:
            self.announce()

    def fill(self, options):
        if not (settings.IS_DEVELOPMENT or options["yes_make_demo_accounts"]):
            raise CommandError(
                "The demo's passwords are known to everybody.  On a site without "
                "DEBUG say --yes-make-demo-accounts if that is what you want."
            )
        moderator, _operator = people.staff()
        shopper, crowd = people.shopper(), people.crowd()
        catalogue.plant_categories()
        shops = [
            (shop, catalogue.open_shop(shop, moderator))
            for shop in shopfiles.shops()[: options["shops"]]
        ]
        for shop, seller in shops:
            catalogue.fill_shop(shop, seller)
            self.stdout.write(f"  {seller}: {seller.products.count()} products")
        clips.add_videos(shops, options["videos"])
        self.engage([seller for _shop, seller in shops], [shopper, *crowd])
        if settings.STRIPE_SANDBOX_URL:
            with running_sandbox():
                trade.connect_accounts([seller for _shop, seller in shops])
                trade.trade(shopper, crowd)
            buying_together.count_pairs()
        desk.file_reports(crowd)
        desk.apply_once()

    def engage(self, sellers, crowd):
        audience.follow(sellers, crowd)
        audience.watch(Video.objects.filter(seller__in=sellers), crowd)
        products = Product.objects.published().filter(seller__in=sellers)
        audience.review(products, crowd)
        self.stdout.write(f"  {Review.objects.count()} reviews")

    def announce(self):
        roles = {credentials.SHOPPER: "shopper"}
        for shop in shopfiles.shops():
            if shop["owner_email"] in credentials.SELLERS:
                roles[shop["owner_email"]] = f"seller, {shop['name']}"
        roles |= {credentials.MODERATOR: "moderator", credentials.OPERATOR: "operator"}
        there = set(User.objects.in_bulk(roles, field_name="email"))
        if there:
            self.stdout.write(
                f"Demo accounts, all with the password {credentials.PASSWORD}"
            )
        for email in filter(there.__contains__, roles):
            self.stdout.write(f"  {email:28} {roles[email]}")
