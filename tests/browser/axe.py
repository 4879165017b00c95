"""What axe finds serious on a page, and what overflows it."""

from axe_playwright_python.base import AXE_SCRIPT

from tests.browser.conftest import DESK, PHONE, wait_until

# A rule's own impact is that of all it finds: the mild ones are not even asked, nor are
# style sheets fetched anew for the one of them that wants it.
SERIOUS = """async () => {
  const mild = axe._audit.rules.filter(rule => /minor|moderate/.test(rule.impact));
  const found = await axe.run({
    resultTypes: ["violations"],
    rules: Object.fromEntries(mild.map(rule => [rule.id, {enabled: false}])),
    preload: false,
  });
  return found.violations.map(rule => [rule.id, rule.nodes.map(node => node.target)]);
}"""


def serious(page):
    # Half way through a fade no contrast is what it will be.
    page.emulate_media(reduced_motion="reduce")
    wait_until(page, "document.getAnimations().every(a => a.playState === 'finished')")
    # Half a megabyte, which the page keeps at another width.
    if not page.evaluate("'axe' in window"):
        page.evaluate(AXE_SCRIPT)
    return page.evaluate(SERIOUS)


def overflow(page):
    """How many pixels of the page lie beside the window."""
    return page.evaluate("document.documentElement.scrollWidth - innerWidth")


def flaws_seen(page):
    """At both widths, though the page is loaded once, as a phone."""
    flaws = []
    for viewport in (DESK, PHONE):
        page.set_viewport_size(viewport)
        flaws += serious(page)
        if (pixels := overflow(page)) > 0:
            flaws.append(("overflow", pixels, viewport["width"]))
    return flaws
