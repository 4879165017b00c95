"""Following a shop.  The wanted state is said: saying it twice changes nothing."""

from sellers.models import Follow, Seller


def set_following(seller: Seller, user, is_on: bool) -> None:
    if is_on:
        Follow.objects.get_or_create(seller=seller, user=user)
    else:
        Follow.objects.filter(seller=seller, user=user).delete()
