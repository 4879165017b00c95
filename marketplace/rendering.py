"""How forms, icons and amounts look on every page."""

from django import template
from django.conf import settings
from django.forms.renderers import TemplatesSetting
from django.templatetags.static import static
from django.utils.html import format_html

from marketplace.money import format_minor

register = template.Library()


class FormRenderer(TemplatesSetting):
    form_template_name = "forms/form.html"
    field_template_name = "forms/field.html"


def site(request):
    """Context of every page."""
    return {"site_name": settings.SITE_NAME, "site_url": settings.SITE_URL}


@register.simple_tag
def icon(name, css_class=""):
    """An icon of static/public/icons.svg; decoration, so unseen by screen readers."""
    return format_html(
        '<svg class="icon {}" aria-hidden="true"><use href="{}#{}"></use></svg>',
        css_class,
        static("build/icons.svg"),
        name,
    )


@register.filter
def money(amount_minor, currency):
    """`{{ order.total_minor|money:order.currency }}`."""
    return format_minor(amount_minor, currency)
