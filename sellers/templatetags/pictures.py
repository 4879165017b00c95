from django import template
from django.utils.html import format_html

register = template.Library()

CARD_SIZES = "(width >= 60rem) 16rem, (width >= 40rem) 30vw, 46vw"


@register.simple_tag
def picture(picture, sizes=CARD_SIZES, alt=None, loading="lazy"):
    """An `<img>` of a ProductMedia or its Picture in all widths.

    The average colour stands behind it while it loads: see `modules/pictures.ts`.
    """
    return format_html(
        '<img src="{}" srcset="{}" sizes="{}" width="{}" height="{}" alt="{}"'
        ' loading="{}" decoding="async" data-colour="{}">',
        picture.url,
        picture.srcset,
        sizes,
        picture.width,
        picture.height,
        picture.alt if alt is None else alt,
        loading,
        picture.colour,
    )
