"""Take the README's pictures of a running site that holds the demo.

python -m docs.take_pictures http://localhost:8000
"""

import io
import sys
from pathlib import Path

from PIL import Image
from playwright.sync_api import sync_playwright

from marketplace.demo import credentials

FOLDER = Path(__file__).resolve().parent / "pictures"
PHONE = {"viewport": {"width": 390, "height": 844}, "device_scale_factor": 2}
DESK = {"viewport": {"width": 1280, "height": 800}}
BROWSER = {
    "executable_path": "/usr/bin/chromium",
    "args": [
        "--no-sandbox",
        "--disable-gpu",
        "--autoplay-policy=no-user-gesture-required",
        "--disable-background-networking",
        "--no-first-run",
    ],
}
PATIENCE_MS = 60_000


def keep(page, name):
    """A small WebP of what the page shows now."""
    page.wait_for_load_state("networkidle", timeout=PATIENCE_MS)
    page.wait_for_timeout(600)
    picture = Image.open(io.BytesIO(page.screenshot())).convert("RGB")
    picture.thumbnail((1280, 1280))
    FOLDER.mkdir(exist_ok=True)
    picture.save(FOLDER / f"{name}.webp", quality=80, method=6)
    print(name)


def sign_in(page, email):
    page.goto("/accounts/login/")
    page.fill("input[name=login]", email)
    page.fill("input[name=password]", credentials.PASSWORD)
    page.press("input[name=password]", "Enter")
    page.wait_for_load_state("networkidle", timeout=PATIENCE_MS)
    page.goto("/account/")  # where the greeting is read


def watch(page):
    """The feed with a playing video, its product's card, and the sheet over it."""
    page.goto("/")
    card = page.locator(".tag-card:visible").first
    card.wait_for(timeout=PATIENCE_MS)
    page.wait_for_timeout(1500)
    keep(page, "feed")
    card.click()
    page.locator("#product-sheet-body form").wait_for(timeout=PATIENCE_MS)
    keep(page, "product-sheet")


def buy(page):
    """From a product page to the checkout."""
    page.goto("/s/kiln-harbour/harbour-mug/")
    keep(page, "product")
    page.goto("/shop/")
    keep(page, "shop")
    page.goto("/s/fern-salt/night-serum/")
    page.locator("button[name=buy_now]:visible").first.click()
    page.wait_for_url("**/checkout/**", timeout=PATIENCE_MS)
    keep(page, "checkout")


def sell(page):
    page.goto("/seller/")
    keep(page, "seller-centre")
    page.goto("/seller/orders/")
    keep(page, "seller-orders")
    page.goto("/seller/videos/")
    page.locator("main a[href^='/seller/videos/']:not([href*=upload])").first.click()
    page.wait_for_load_state("networkidle", timeout=PATIENCE_MS)
    page.goto(page.url.rstrip("/") + "/tags/")
    page.wait_for_timeout(1500)
    keep(page, "tagging")


def moderate(page):
    page.goto("/admin/")
    keep(page, "desk")


def main(address):
    seller = "seller2@demo.example"
    with sync_playwright() as playwright:
        browser = playwright.chromium.launch(**BROWSER)
        for screen, email, play in (
            (PHONE, credentials.SHOPPER, watch),
            (PHONE, credentials.SHOPPER, buy),
            (DESK, seller, sell),
            (DESK, credentials.OPERATOR, moderate),
        ):
            context = browser.new_context(base_url=address, **screen)
            page = context.new_page()
            page.set_default_timeout(PATIENCE_MS)
            sign_in(page, email)
            play(page)
            context.close()
        browser.close()


if __name__ == "__main__":
    main(sys.argv[1])
