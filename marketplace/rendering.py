"""How forms, icons and amounts look on every page."""

from functools import cache

from django import template
from django.conf import settings
from django.forms.renderers import TemplatesSetting
from django.templatetags.static import static
from django.urls import reverse
from django.utils.html import format_html
from django.utils.translation import get_language

from marketplace import legal
from marketplace.fragments import fragment
from marketplace.money import format_minor
from marketplace.paths import path_to

register = template.Library()

SECTIONS = {
    "videos:feed": "feed",
    "videos:following": "feed",
    "sellers:product": "shop",
    "sellers:category": "shop",
    "sellers:storefront": "shop",
    "checkout:cart": "cart",
    "checkout:orders": "orders",
    "checkout:order_group": "orders",
    "account_login": "sign-in",
}


class FormRenderer(TemplatesSetting):
    form_template_name = "forms/form.html"
    field_template_name = "forms/field.html"


def site(request):
    """Context of every page."""
    return {
        "site_name": settings.SITE_NAME,
        "site_url": settings.SITE_URL,
        "legal": legal.addresses,
        "legal_pages": legal.pages,
    }


@register.simple_tag
@cache
def icon(name, css_class=""):
    """An icon that static/icons.txt names; decoration, so unseen by screen readers."""
    return format_html(
        '<svg class="icon {}" aria-hidden="true"><use href="{}#{}"></use></svg>',
        css_class,
        static("build/icons.svg"),
        name,
    )


register.simple_tag(fragment)
register.simple_tag(path_to)


@register.tag
def once(parser, token):
    """What stands in it is made once in each language: it sees no value of a page."""
    nodes = parser.parse(["endonce"])
    parser.delete_first_token()
    return Once(nodes)


class Once(template.Node):
    def __init__(self, nodes):
        self.nodes = nodes
        self.made = {}

    def render(self, context):
        language = get_language()
        if language not in self.made:
            self.made[language] = self.nodes.render(context.new())
        return self.made[language]


@register.simple_tag(takes_context=True)
def bar(context, template_name):
    """One of the bars of every page; few things change them."""
    request = context["request"]
    name = request.resolver_match.view_name if request.resolver_match else ""
    words = request.GET.get("q", "") if name == "discovery:search" else ""
    return fragment(
        template_name,
        {"words": words},
        site_name=settings.SITE_NAME,
        legal_pages=legal.pages(),
        section=section_of(name, request.path),
        is_known=context["user"].is_authenticated,
        # Both may be lazy until something is added.
        cart_count=context.get("cart_count", 0) + 0,
        unread_count=context.get("unread_count", 0) + 0,
    )


def section_of(name, path):
    """The link of the bars under which the page is."""
    if name in SECTIONS:
        return SECTIONS[name]
    starts = {
        "discovery:shop": "shop",
        "accounts:account": "account",
        "accounts:inbox": "account",
    }
    found = (section for start, section in starts.items() if reverse(start) in path)
    return next(found, "")


@register.filter
def money(amount_minor, currency):
    """`{{ order.total_minor|money:order.currency }}`."""
    return format_minor(amount_minor, currency)
