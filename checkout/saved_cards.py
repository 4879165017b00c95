"""Cards that signed-in buyers keep for next time.  They lie at Stripe, none here."""

import logging
from uuid import NAMESPACE_URL, uuid5

from django.utils.crypto import get_random_string

from checkout import gateway, page_questions
from checkout.models import OrderConflict, OrderGroup, Payment, StripeCustomer
from marketplace.accounts.models import User

logger = logging.getLogger(__name__)


def customer_of(user: User) -> StripeCustomer:
    """The buyer's, made at Stripe the first time that they keep a card."""
    known = StripeCustomer.objects.filter(user=user).first()
    if known is not None:
        return known
    person = f"{user.pk} {user.date_joined.isoformat()} {user.email}"
    with page_questions.asking():
        customer_id = gateway.create_customer(
            key=f"customer-{uuid5(NAMESPACE_URL, person)}",
            email=user.email,
            reference=f"user:{user.pk}",
        )
    customer, _is_new = StripeCustomer.objects.get_or_create(
        user=user, defaults={"stripe_customer_id": customer_id}
    )
    return customer


def cards_of(user: User) -> list[gateway.Card]:
    customer = StripeCustomer.objects.filter(user=user).first()
    if customer is None:
        return []
    with page_questions.asking():
        return gateway.cards_of(customer.stripe_customer_id)


def cards_for(group: OrderGroup, user: User) -> list[gateway.Card]:
    """What the group's own buyer can pay it with; for anybody else's eyes none.

    The page of an order opens to whoever has its link.
    """
    if not user.is_authenticated or group.user_id != user.pk:
        return []
    cards = cards_of(user)
    if cards:
        payment = Payment.objects.get(group=group)
        attach(payment, user.stripe_customer.stripe_customer_id)
    return cards


def attach(payment: Payment, customer_id: str) -> None:
    """The payment is the customer's: only so can their cards pay it."""
    if payment.stripe_customer_id != customer_id:
        update(payment, {"customer": customer_id})
        Payment.objects.filter(pk=payment.pk).update(stripe_customer_id=customer_id)


def keep(payment: Payment, user: User, *, is_wanted: bool) -> None:
    """The buyer wants the card of this payment to be kept, or does not any more."""
    if payment.status != Payment.Status.PENDING:
        raise OrderConflict(f"payment {payment.pk} is over")
    if is_wanted:
        attach(payment, customer_of(user).stripe_customer_id)
    if is_wanted or payment.keeps_card:
        update(payment, {"setup_future_usage": "on_session" if is_wanted else ""})
        Payment.objects.filter(pk=payment.pk).update(keeps_card=is_wanted)


def update(payment: Payment, change: dict) -> None:
    # Setting a value twice is harmless, and setting it back is no repeat.
    key = f"{payment.payment_intent_id}-{get_random_string(16)}"
    with page_questions.asking():
        gateway.update_payment(payment.payment_intent_id, key=key, change=change)


def remove(user: User, card_id: str) -> bool:
    """Have Stripe forget one of the buyer's own cards; False where it is not theirs."""
    if card_id not in {card.id for card in cards_of(user)}:
        return False
    with page_questions.asking():
        gateway.forget_card(card_id)
    return True


def forget_erased() -> None:
    """Whose account is gone is forgotten at Stripe too, with all cards."""
    for customer in StripeCustomer.objects.filter(user=None)[:100]:
        try:
            gateway.forget_customer(customer.stripe_customer_id)
        except gateway.Refused as refusal:
            if refusal.code != "resource_missing":
                logger.error("customer %s is not forgotten: %s", customer, refusal)
                continue
        except gateway.GatewayError as error:
            logger.warning("customer %s is forgotten later: %s", customer, error)
            return
        customer.delete()
