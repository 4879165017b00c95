"""A person with a browser, as far as HTTP goes: pages, links, forms and cookies."""

import time
from urllib.parse import urljoin

import mechanicalsoup

WAIT_SECONDS = 1


class JourneyFailed(Exception):
    """A page did not show what a person would expect; the message says what."""


class Visitor:
    def __init__(self, site: str):
        self.site = site
        self.browser = mechanicalsoup.StatefulBrowser(user_agent="vitrine-journey")
        # The site's own rule against forged requests wants to know the page before.
        self.browser.session.headers["Referer"] = f"{site}/"

    @property
    def page(self):
        return self.browser.page

    @property
    def path(self) -> str:
        return self.browser.url.removeprefix(self.site)

    def open(self, path: str):
        response = self.browser.open(urljoin(self.browser.url or f"{self.site}/", path))
        self._expect_success(response)
        return self.page

    def submit(self, action: str, *, button: str | None = None, **fields):
        """Fill in the form whose action ends on `action` and send it.

        Fields are named as on the page.  `button` is the name or the value of the
        one that is pressed, where there are several.
        """
        chosen = self.browser.select_form(self.form(action))
        if button is not None:
            chosen.choose_submit(self.button(chosen.form, button))
        for name, value in fields.items():
            if isinstance(value, bool):
                chosen.set_checkbox({name: value})
            else:
                chosen.set(name, value)
        response = self.browser.submit_selected()
        self._expect_success(response)
        if refusals := self.texts(".alert-error, .field-error, .errorlist"):
            raise JourneyFailed(f"{self.path} refuses: {'; '.join(refusals)}")
        return self.page

    def form(self, action: str):
        """The form with that end of its action; without one, the page's own form."""
        for form in self.page.select("form"):
            address = form.get("action", "")
            if address.endswith(action) if action else not address:
                return form
        raise JourneyFailed(f"{self.path} has no form for {action or 'itself'}")

    def button(self, form, name_or_value: str):
        for found in form.select("button"):
            if name_or_value in (found.get("name"), found.get("value")):
                return found
        raise JourneyFailed(f"{self.path} has no button {name_or_value}")

    def text(self, selector: str) -> str:
        """The text of the first match; fails where there is none."""
        found = self.page.select_one(selector)
        if found is None:
            raise JourneyFailed(f"{self.path} shows no {selector}")
        return " ".join(found.get_text(" ").split())

    def texts(self, selector: str) -> list[str]:
        found = (node.get_text(" ").split() for node in self.page.select(selector))
        return [" ".join(words) for words in found if words]

    def links(self, prefix: str) -> list[str]:
        """The paths on this page that begin like that, each once."""
        paths = [link["href"] for link in self.page.select(f'a[href^="{prefix}"]')]
        return list(dict.fromkeys(paths))

    def wait_for(self, path: str, is_there, *, seconds: float):
        """Look at the page again and again until `is_there` finds something."""
        give_up_at = time.monotonic() + seconds
        while True:
            self.open(path)
            if found := is_there():
                return found
            if time.monotonic() > give_up_at:
                raise JourneyFailed(f"{path} did not come to it in {seconds:.0f} s")
            time.sleep(WAIT_SECONDS)

    def _expect_success(self, response):
        self.browser.session.headers["Referer"] = response.url
        if response.status_code >= 400:
            said = (
                "; ".join(self.texts(".alert-error, .field-error, h1"))
                if (self.page is not None)
                else ""
            )
            raise JourneyFailed(f"{response.url}: {response.status_code} {said}")
