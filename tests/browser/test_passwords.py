"""A password field shows what is typed, when asked to."""

from playwright.sync_api import expect


def test_a_password_is_shown_and_hidden_again(page, site, db):
    page.goto(f"{site}/accounts/login/")
    field = page.get_by_label("Password", exact=True)
    field.fill("secret words")
    button = page.get_by_role("button", name="Show the password")

    button.press("Enter")
    expect(field).to_have_attribute("type", "text")
    expect(button).to_have_attribute("aria-pressed", "true")
    button.click()

    expect(field).to_have_attribute("type", "password")
    expect(button).to_have_attribute("aria-pressed", "false")
    expect(field).to_have_value("secret words")


def test_a_shown_password_is_hidden_before_it_is_sent(page, site, db):
    page.goto(f"{site}/accounts/login/")
    page.get_by_role("button", name="Show the password").click()
    page.evaluate(
        "document.querySelector('form.form').addEventListener('submit', (event) => {"
        "  event.preventDefault();"
        "  document.title = document.querySelector('[name=password]').type;"
        "})"
    )
    page.get_by_label("Email").fill("ann@example.com")
    page.get_by_label("Password", exact=True).fill("secret words")
    page.get_by_role("button", name="Sign in", exact=True).click()

    expect(page).to_have_title("password")
