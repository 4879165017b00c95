from django import template
from django.utils.html import format_html

register = template.Library()

CARD_SIZES = "(width >= 60rem) 16rem, (width >= 40rem) 30vw, 46vw"


@register.simple_tag
def picture(media, sizes=CARD_SIZES, alt=None, loading="lazy"):
    """An `<img>` of a product's picture in all its widths.

    The average colour stands behind it while it loads: see `modules/pictures.ts`.
    """
    return format_html(
        '<img src="{}" srcset="{}" sizes="{}" width="{}" height="{}" alt="{}"'
        ' loading="{}" decoding="async" data-colour="{}">',
        media.image.url,
        media.srcset,
        sizes,
        media.width,
        media.height,
        media.alt if alt is None else alt,
        loading,
        media.colour,
    )
