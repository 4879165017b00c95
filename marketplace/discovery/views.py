from django.shortcuts import get_object_or_404, render
from django.views.decorators.http import require_GET

from marketplace.discovery import near_products, searching, shop_window
from marketplace.discovery.hidden_results import hidden_among
from marketplace.discovery.results import TABS, Results, found_for
from marketplace.discovery.shop_order import ForYou
from sellers.browsing import Listing
from sellers.cards import cards_of
from sellers.models import Product
from videos.feed.gates import unhidden_products
from videos.feed.shops_to_follow import shops_to_follow
from videos.feed.watchers import watcher_of
from videos.feed.wishing import wisher_of

SUGGESTED = 4


@require_GET
def shop(request):
    watcher = watcher_of(request)
    listing = listing_for(watcher, request.GET)
    context = {"listing": listing}
    if listing.page == 1 and not listing.is_filtered:
        context |= {
            "tiles": shop_window.category_tiles(),
            "videos": shop_window.popular_videos(watcher),
            "shops": shops_to_follow(watcher, best_shops(listing)),
        }
    return render(request, "discovery/shop.html", context)


def listing_for(watcher, asked):
    """Without a profile it is the same for everybody, but for what they hid."""
    products = unhidden_products(Product.objects.published(), watcher)
    if watcher.viewer:
        return ForYou(products, asked, watcher)
    return Listing(products, asked)


def best_shops(listing):
    return listing.order.shops if isinstance(listing, ForYou) else ()


@require_GET
def near(request, pk):
    """What goes with a product and what is like it: below its page, or by itself."""
    product = get_object_or_404(near_products.known(), pk=pk)
    context = {
        "product": product,
        "near": near_products.near(product, watcher_of(request)),
    }
    name = "discovery/_near.html" if request.htmx else "discovery/near.html"
    return render(request, name, context)


@require_GET
def search(request):
    text = searching.clean(request.GET.get("q", ""))
    context = {"text": text, "tabs": TABS.items()}
    if text:
        watcher = watcher_of(request)
        hidden = hidden_among(text, wisher_of(request).choices, watcher)
        context |= {"hidden": hidden, **found(text, request.GET, watcher, hidden)}
    else:
        context["tiles"] = shop_window.category_tiles()
    return render(request, "discovery/search.html", context)


def found(text, wanted, watcher, hidden):
    """What fits; where nothing does, what fits the words that were perhaps meant."""
    results = Results(text, wanted, watcher)
    if hidden:
        return {"results": results, "listing": results.listing}
    if results.is_empty and (corrected := searching.correction(text)):
        other = Results(corrected, wanted, watcher)
        if not other.is_empty:
            return {"results": other, "corrected": corrected, "listing": other.listing}
    context = {"results": results, "listing": results.listing}
    if results.is_empty:
        context |= {
            "tiles": shop_window.category_tiles(),
            "latest": shop_window.latest_products(watcher),
        }
    return context


@require_GET
def suggest(request):
    """A fragment under the search box, while somebody types."""
    text = searching.clean(request.GET.get("q", ""))
    context = {"text": text}
    if len(text) > 1:
        watcher = watcher_of(request)
        context |= suggested(text, watcher)
        is_empty = not any(context[kind] for kind in ("products", "shops", "videos"))
        if is_empty and (corrected := searching.correction(text)):
            context |= {"text": corrected, **suggested(corrected, watcher)}
    return render(request, "discovery/_suggestions.html", context)


def suggested(text, watcher):
    found = found_for(text, watcher)
    return {
        "products": cards_of(found.products[:SUGGESTED]),
        "shops": list(found.shops[:SUGGESTED]),
        "videos": list(found.videos[:SUGGESTED]),
    }


@require_GET
def robots(request):
    return render(request, "discovery/robots.txt", content_type="text/plain")
