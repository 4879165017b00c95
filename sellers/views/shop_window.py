"""What shoppers see of a shop: its storefront, products, categories."""

from django.contrib.auth.decorators import login_required
from django.db.models import Avg, Count, prefetch_related_objects
from django.shortcuts import get_object_or_404, redirect, render
from django.utils.http import url_has_allowed_host_and_scheme
from django.views.decorators.http import require_GET, require_POST

from marketplace.accounts.models import country_of
from sellers import structured_data
from sellers.browsing import Listing
from sellers.cards import card_of
from sellers.models import Category, Follow, Product, Seller
from sellers.models.product import card_lookups
from sellers.variants import options_among

REVIEWS = 10
RELATED = 6


@require_GET
def storefront(request, seller):
    shop = get_object_or_404(Seller.objects.open(), slug=seller)
    tab = "products" if request.GET.get("tab") == "products" else "videos"
    videos = shop.videos.published().order_by("-published_at", "-pk")
    listing = Listing(shop.products.published(), request.GET)
    if tab == "videos" and not videos.exists():
        tab = "products"
    context = {
        "seller": shop,
        "tab": tab,
        "videos": videos.for_cards()[:60] if tab == "videos" else [],
        "listing": listing,
        "followers": shop.followers.count(),
        "is_following": is_following(request.user, shop),
        "rating": shop_rating(shop),
    }
    if request.htmx and request.GET.get("page"):
        return render(request, "sellers/_listing.html", context)
    return render(request, "sellers/storefront.html", context)


def shop_rating(shop):
    """Average and number of the visible reviews of what it sells."""
    reviews = shop.products.filter(reviews__is_visible=True)
    return reviews.aggregate(average=Avg("reviews__rating"), count=Count("reviews"))


def is_following(user, shop):
    return user.is_authenticated and shop.followers.filter(user=user).exists()


@login_required
@require_POST
def follow(request, seller):
    """Follow, or if one does already, do not any more."""
    shop = get_object_or_404(Seller.objects.open(), slug=seller)
    follows = Follow.objects.filter(user=request.user, seller=shop)
    if not follows.delete()[0]:
        Follow.objects.get_or_create(user=request.user, seller=shop)
    if request.htmx:
        context = {
            "seller": shop,
            "is_following": is_following(request.user, shop),
            "followers": shop.followers.count(),
        }
        return render(request, "sellers/_follow.html", context)
    return redirect(back_to(request) or shop.get_absolute_url())


def back_to(request):
    """The page of this site that the form says it stands on."""
    url = request.POST.get("next", "")
    hosts = {request.get_host()}
    return url if url_has_allowed_host_and_scheme(url, hosts) else ""


@require_GET
def product(request, seller, product):
    published = Product.objects.published().select_related("seller")
    found = get_object_or_404(
        published.select_related("category__parent"), seller__slug=seller, slug=product
    )
    others = found.seller.products.published().exclude(pk=found.pk)
    related = list(others.only("title", "slug", "currency", "seller")[:RELATED])
    prefetch_related_objects([found, *related], *card_lookups())
    reviews = found.reviews.visible()
    counts = dict(reviews.order_by().values_list("rating").annotate(number=Count("pk")))
    rating = structured_data.Rating.of(counts)
    chosen = chosen_variant(found, request.GET.get("variant", ""))
    context = {
        "product": found,
        "seller": found.seller,
        "options": options_among(found.options.all(), found.on_sale),
        "chosen": chosen,
        "reviews": reviews.select_related("user")[:REVIEWS],
        "rating": rating,
        "videos": product_videos(found),
        "reach": found.seller.shipping_rates.of(found).reach(country_of(request.user)),
        "related": [card_of(other) for other in related],
        "json_ld": structured_data.product(found, rating),
        "via_video": request.GET.get("video", "")[:16],
        "via_tag": request.GET.get("tag", "")[:18],
    }
    return render(request, "sellers/product.html", context)


def chosen_variant(product, key):
    """The one the address names, else the cheapest that is left."""
    for variant in product.on_sale:
        if str(variant.pk) == key:
            return variant
    return product.cheapest


def product_videos(product):
    tags = product.video_tags.order_by().values("video")
    showing = product.seller.videos.published().filter(pk__in=tags)
    return showing.for_cards().order_by("-published_at", "-pk")[:8]


@require_GET
def category(request, category):
    found = get_object_or_404(Category.objects.select_related("parent"), slug=category)
    children = list(found.children.all())
    products = Product.objects.published().within(found)
    context = {
        "category": found,
        "children": children or siblings(found),
        "listing": Listing(products, request.GET),
    }
    if request.htmx and request.GET.get("page"):
        return render(request, "sellers/_listing.html", context)
    return render(request, "sellers/category.html", context)


def siblings(category):
    """Beside it, for somebody who wants to look around."""
    return list(Category.objects.filter(parent=category.parent_id))
