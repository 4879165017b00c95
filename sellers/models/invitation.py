import secrets
from datetime import timedelta

from django.conf import settings
from django.db import models
from django.urls import reverse
from django.utils import timezone
from django.utils.translation import gettext_lazy as _

from sellers.models.seller import Seller

VALID_FOR = timedelta(days=14)


def new_invitation_token():
    """Unguessable (192 bits): whoever has the link may join."""
    return secrets.token_urlsafe(24)


class SellerInvitationQuerySet(models.QuerySet):
    def waiting(self):
        return self.filter(accepted_at=None, created_at__gt=timezone.now() - VALID_FOR)


class SellerInvitation(models.Model):
    """An owner asks somebody to help run the shop."""

    seller = models.ForeignKey(Seller, models.CASCADE, related_name="invitations")
    email = models.EmailField(_("email"))
    token = models.CharField(max_length=40, unique=True, default=new_invitation_token)
    invited_by = models.ForeignKey(
        settings.AUTH_USER_MODEL, models.SET_NULL, null=True, related_name="+"
    )
    created_at = models.DateTimeField(default=timezone.now)
    accepted_at = models.DateTimeField(null=True, blank=True)

    objects = SellerInvitationQuerySet.as_manager()

    class Meta:
        ordering = ["-created_at"]
        constraints = [
            models.UniqueConstraint(
                fields=["seller", "email"],
                condition=models.Q(accepted_at=None),
                name="one_open_invitation_per_seller_and_email",
            ),
        ]

    def get_absolute_url(self):
        return reverse("sellers:accept_invitation", args=[self.token])

    def mark_accepted(self):
        self.accepted_at = timezone.now()
        self.save(update_fields=["accepted_at"])

    mark_accepted.alters_data = True
