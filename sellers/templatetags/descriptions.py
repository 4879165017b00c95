from django import template
from django.utils.safestring import mark_safe

from sellers.rich_text import clean

register = template.Library()


@register.filter
def description_html(html):
    """Cleaned once more where it is shown, whoever wrote it into the database."""
    return mark_safe(clean(html))
