"""Somebody is signed out while writing: what was typed comes back, to nobody else."""

import pytest
from django.contrib.sessions.models import Session
from playwright.sync_api import expect

from marketplace.accounts.registration import register
from sellers.models import Product
from tests.browser.axe import flaws_seen
from tests.browser.watchable import make_watchable
from tests.clips import make_file
from tests.factories import make_category, make_product, make_seller, make_variant

pytestmark = pytest.mark.django_db(transaction=True)

PASSWORD = "a long password"
WORDS = "Hand-thrown in Faro,\nglazed twice, and never two alike."
IS_BACK = "What you had typed is back. It is not saved yet."


@pytest.fixture
def owner(sign_in):
    owner = register("ann@example.com", PASSWORD)
    make_seller(owner=owner, name="Ann’s shop")
    sign_in(owner)
    return owner


def sign_out_elsewhere():
    Session.objects.all().delete()


def sign_in_at(page, email="ann@example.com"):
    page.get_by_label("Email").fill(email)
    page.get_by_label("Password", exact=True).fill(PASSWORD)
    page.get_by_role("button", name="Sign in", exact=True).click()


def write_product(page, site):
    page.goto(f"{site}/seller/products/new/")
    page.get_by_label("Title").fill("Cup, “Faro”")
    page.get_by_label("Category").select_option("Kitchen")
    page.get_by_label("Description").fill(WORDS)
    page.set_input_files("[name=pictures]", make_file("cup.jpg", b"picture"))
    page.click(".option-editor summary")
    page.fill("[name=option-0-name]", "Colour")
    page.fill("[name=option-0-values]", "Sand, Moss")
    page.press("[name=option-0-values]", "Tab")
    page.fill("[name=variant-0-price]", "10")
    page.fill("[name=variant-1-price]", "12")
    page.uncheck("[name=variant-0-is_active]")


def save(page):
    page.get_by_role("button", name="Save", exact=True).click()


def kept(page):
    return page.evaluate("sessionStorage.getItem('kept-text')")


@pytest.fixture
def kitchen():
    return make_category(name="Kitchen")


def test_what_was_typed_comes_back_and_can_be_saved(page, site, owner, kitchen):
    write_product(page, site)
    sign_out_elsewhere()
    save(page)
    sign_in_at(page)

    notice = page.get_by_role("status").filter(has_text=IS_BACK)
    expect(notice).to_contain_text("Files have to be chosen again.")
    expect(notice.locator(".alert")).to_be_focused()
    expect(page).to_have_url(f"{site}/seller/products/new/")
    expect(page.get_by_label("Description")).to_have_value(WORDS)
    expect(page.get_by_label("Category")).to_have_value(str(kitchen.pk))
    expect(page.locator("[data-variant-title]")).to_have_text(["Sand", "Moss"])
    assert flaws_seen(page) == []
    save(page)

    expect(page.get_by_text("Saved.", exact=True)).to_be_visible()
    product = Product.objects.get()
    facts = product.variants.values_list("option_values", "price_minor", "is_active")
    assert list(facts) == [(["Sand"], 1000, False), (["Moss"], 1200, True)]
    assert product.title == "Cup, “Faro”"
    assert kept(page) is None


def test_another_account_in_the_same_tab_sees_nothing_of_it(page, site, owner, kitchen):
    make_seller(owner=register("bob@example.com", PASSWORD))
    write_product(page, site)
    sign_out_elsewhere()
    save(page)
    expect(page.get_by_label("Email")).to_be_visible()
    assert WORDS.splitlines()[0] in kept(page)
    sign_in_at(page, "bob@example.com")

    expect(page).to_have_url(f"{site}/seller/products/new/")
    expect(page.get_by_label("Title")).to_have_value("")
    expect(page.get_by_text(IS_BACK)).to_have_count(0)
    assert kept(page) is None


def test_the_form_of_a_former_session_is_opened_again_with_its_words(
    page, site, owner, kitchen, complaints
):
    product = make_product(seller=owner.seller_memberships.get().seller)
    make_variant(product=product)
    page.goto(f"{site}/seller/products/{product.pk}/")
    page.get_by_label("Description").fill(WORDS)
    sign_out_elsewhere()
    other = page.context.new_page()
    other.goto(f"{site}/accounts/login/")
    sign_in_at(other)
    expect(other).to_have_url(f"{site}/")
    other.close()
    save(page)

    expect(page.get_by_text("Nothing was saved.")).to_be_visible()
    assert flaws_seen(page) == []
    page.get_by_role("link", name="Open the page again").click()
    expect(page.get_by_text(IS_BACK)).to_be_visible()
    expect(page.get_by_text("Files have to be chosen again.")).to_be_hidden()
    save(page)

    expect(page.get_by_text("Saved.", exact=True)).to_be_visible()
    product.refresh_from_db()
    assert "glazed twice" in product.description
    assert [said for said in complaints if "403" in said] == complaints
    complaints.clear()


def test_it_is_discarded_by_a_button(page, site, owner):
    page.goto(f"{site}/seller/settings/")
    page.get_by_label("Description").fill(WORDS)
    sign_out_elsewhere()
    save(page)
    sign_in_at(page)
    expect(page.get_by_label("Description")).to_have_value(WORDS)
    page.get_by_role("button", name="Discard it").press("Enter")

    expect(page.get_by_text(IS_BACK)).to_have_count(0)
    expect(page.get_by_label("Description")).to_have_value("")
    assert kept(page) is None


def test_nothing_is_kept_of_what_was_taken_or_answered(page, site, owner):
    page.goto(f"{site}/seller/settings/")
    page.get_by_label("Description").fill(WORDS)
    save(page)
    expect(page.get_by_text("Saved.", exact=True)).to_be_visible()
    assert kept(page) is None
    page.fill("[name=name]", "")
    save(page)

    expect(page.locator(".field-error")).to_be_visible()
    expect(page.get_by_text(IS_BACK)).to_have_count(0)
    assert kept(page) is None


def test_secrets_and_tokens_are_never_kept(page, site, owner):
    page.goto(f"{site}/seller/settings/")
    page.evaluate(
        """for (const more of ["type=password", "type=hidden", "autocomplete=cc-number",
          "autocomplete=one-time-code", "type=text autocomplete=current-password"]) {
          document.querySelector("form.card").insertAdjacentHTML(
            "beforeend", `<input name="more" value="4242 4242" ${more}>`);
        }"""
    )
    sign_out_elsewhere()
    save(page)
    expect(page.get_by_label("Email")).to_be_visible()

    assert "Ann’s shop" in kept(page)
    assert "4242" not in kept(page)
    assert "csrf" not in kept(page)


def test_captions_come_back_row_by_row(page, site, owner):
    video = make_watchable(seller=owner.seller_memberships.get().seller)
    page.goto(f"{site}/seller/videos/{video.public_id}/captions/en/")
    add = page.get_by_role("button", name="Add caption here")
    for words in ("One", "Two"):
        add.click()
        page.keyboard.type(words)
    times = [row.input_value() for row in page.get_by_label("From").all()]
    sign_out_elsewhere()
    save(page)
    sign_in_at(page)

    expect(page.get_by_text(IS_BACK)).to_be_visible()
    rows = page.locator("[data-cue-row]")
    expect(rows).to_have_count(2)
    texts = [row.input_value() for row in rows.locator("textarea").all()]
    assert texts == ["One", "Two"]
    assert [row.input_value() for row in page.get_by_label("From").all()] == times
    save(page)
    expect(page.get_by_text("2 captions are saved.")).to_be_visible()


def test_a_button_of_a_former_session_says_so_and_leads_back(
    page, site, owner, complaints
):
    video = make_watchable(seller=owner.seller_memberships.get().seller)
    page.goto(f"{site}{video.get_absolute_url()}")
    other = page.context.new_page()
    sign_out_elsewhere()
    other.goto(f"{site}/accounts/login/")
    sign_in_at(other)
    expect(other).to_have_url(f"{site}/")
    other.close()
    page.get_by_role("button", name="Like").click()

    expect(page.get_by_text("You signed in or out since")).to_be_visible()
    page.get_by_role("link", name="Open it again").click()
    page.wait_for_load_state()
    page.get_by_role("button", name="Like").click()
    expect(page.get_by_role("button", name="Like")).to_have_attribute(
        "aria-pressed", "true"
    )
    assert [said for said in complaints if "403" in said] == complaints
    complaints.clear()


def test_what_came_too_often_comes_back_too(page, site, owner, complaints, settings):
    settings.ACCOUNT_RATE_LIMITS = settings.ACCOUNT_RATE_LIMITS | {"report": "1/h/ip"}
    address = f"{site}/report/product/{make_product().pk}/"
    for _ in range(2):
        page.goto(address)
        page.get_by_label("Misleading or not as described").check()
        page.get_by_label("Details").fill(WORDS)
        page.get_by_role("button", name="Send the report").click()
    expect(page.get_by_text("That was tried very often")).to_be_visible()
    page.goto(address)

    expect(page.get_by_text(IS_BACK)).to_be_visible()
    expect(page.get_by_label("Details")).to_have_value(WORDS)
    expect(page.get_by_label("Misleading or not as described")).to_be_checked()
    assert [said for said in complaints if "429" in said] == complaints
    complaints.clear()
