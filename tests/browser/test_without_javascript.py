import pytest
from playwright.sync_api import expect

from tests.browser.watchable import make_shoppable
from tests.clips import make_clip
from tests.factories import make_seller, make_user
from tests.uploading import make_upload
from videos.models import Upload, Video

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
        page.locator("summary").filter(has_text="product").click()
    page.get_by_role("link", name=product.title).first.click()

    expect(page).to_have_url(
        f"{site}{product.get_absolute_url()}?video={video.public_id}"
    )


def test_a_seller_uploads_by_the_plain_form_and_ends_an_unfinished_upload(
    page, site, sign_in
):
    owner = make_user()
    seller = make_seller(owner=owner)
    make_upload(seller=seller, user=owner, received=b"a part")
    sign_in(owner)
    page.goto(f"{site}/seller/videos/upload/")

    page.get_by_role("button", name="Cancel").click()
    expect(page.get_by_text("The upload is canceled")).to_be_visible()
    expect(page.locator(".upload-item")).to_have_count(0)
    page.get_by_label("Drop videos here").set_input_files(make_clip())
    page.get_by_role("button", name="Upload", exact=True).click()

    expect(page.get_by_text("The video is being processed.")).to_be_visible()
    assert Video.objects.get().seller == seller
    assert Upload.objects.get().state == Upload.State.CANCELED
