import pytest
from playwright.sync_api import expect

from tests.browser.watchable import make_shoppable

pytestmark = pytest.mark.django_db(transaction=True)


@pytest.fixture
def browser_context_args(browser_context_args):
    return browser_context_args | {"java_script_enabled": False}


@pytest.mark.parametrize("address", ["/", "VIDEO"])
def test_the_video_has_its_own_controls_and_products_are_links(page, site, address):
    video = make_shoppable()
    product = video.tags.get().product
    page.goto(site + (video.get_absolute_url() if address == "VIDEO" else address))

    expect(page.locator("video[controls]")).to_be_visible()
    if address == "/":
        page.locator("summary").click()
    page.get_by_role("link", name=product.title).first.click()

    expect(page).to_have_url(
        f"{site}{product.get_absolute_url()}?video={video.public_id}"
    )
