"""Terms, privacy and imprint: texts that only the operator can write.

Each is a template `legal/<name>.html` in one of TEMPLATE_DIRS, see
docs/production.md; what nobody wrote is linked nowhere.
"""

from dataclasses import dataclass
from functools import cache

from django.http import Http404
from django.shortcuts import render
from django.template import TemplateDoesNotExist
from django.template.loader import get_template
from django.urls import path, reverse
from django.utils.translation import gettext_lazy as _
from django.views.decorators.http import require_safe

TITLES = {"terms": _("Terms"), "privacy": _("Privacy"), "imprint": _("Imprint")}


@dataclass(frozen=True)
class LegalPage:
    name: str
    title: str
    url: str


@cache
def is_written(name: str) -> bool:
    try:
        get_template(f"legal/{name}.html")
    except TemplateDoesNotExist:
        return False
    return True


def pages() -> tuple[LegalPage, ...]:
    return tuple(
        LegalPage(name, str(title), reverse(name))
        for name, title in TITLES.items()
        if is_written(name)
    )


def addresses() -> dict[str, str]:
    """By name, of those that there are."""
    return {page.name: page.url for page in pages()}


@require_safe
def show(request, name):
    if not is_written(name):
        raise Http404
    return render(request, f"legal/{name}.html", {"heading": TITLES[name]})


urlpatterns = [path(f"{name}/", show, {"name": name}, name=name) for name in TITLES]
