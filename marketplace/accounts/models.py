from datetime import timedelta

from django.conf import settings
from django.contrib.auth.models import AbstractUser, BaseUserManager
from django.db import models
from django.db.models import F
from django.db.models.functions import Lower
from django.utils import timezone
from django.utils.translation import gettext_lazy as _
from django_countries.fields import CountryField


class UserManager(BaseUserManager):
    use_in_migrations = True

    def create_user(self, email, password=None, **fields):
        user = self.model(email=self.normalize_email(email).lower(), **fields)
        user.set_password(password)
        user.save()
        return user

    def create_superuser(self, email, password=None, **fields):
        return self.create_user(
            email, password, is_staff=True, is_superuser=True, **fields
        )

    def get_by_natural_key(self, email):
        return self.get(email__iexact=email)


class User(AbstractUser):
    """A person.  Roles come by membership: see `SellerMember` and `Role`."""

    class Role(models.TextChoices):
        """Names of the groups that staff belong to."""

        MODERATOR = "Moderators", _("Moderators")
        OPERATOR = "Operators", _("Operators")

    username = first_name = last_name = None
    name = models.CharField(_("name"), max_length=120, blank=True)
    email = models.EmailField(_("email address"), unique=True)

    objects = UserManager()

    USERNAME_FIELD = "email"
    REQUIRED_FIELDS = []

    class Meta(AbstractUser.Meta):
        constraints = [
            models.UniqueConstraint(Lower("email"), name="user_email_in_any_case"),
        ]

    def __str__(self):
        return self.name or self.email

    def get_full_name(self):
        return str(self)

    def get_short_name(self):
        """What everybody may see; empty if they gave no name, never their address."""
        return self.name.split(" ")[0]


class PostalAddress(models.Model):
    """Where a parcel can go.  Kept by a person, or frozen on an order."""

    name = models.CharField(_("full name"), max_length=120)
    line1 = models.CharField(_("address"), max_length=200)
    line2 = models.CharField(_("apartment, floor"), max_length=200, blank=True)
    postal_code = models.CharField(_("postal code"), max_length=20, blank=True)
    city = models.CharField(_("town or city"), max_length=100)
    region = models.CharField(_("state or region"), max_length=100, blank=True)
    country = CountryField(_("country"))
    phone = models.CharField(_("telephone"), max_length=40, blank=True)

    class Meta:
        abstract = True

    def lines(self):
        """As it is written on a parcel."""
        town = " ".join(filter(None, [self.postal_code, self.city]))
        parts = [self.name, self.line1, self.line2, town, self.region]
        return [*filter(None, parts), self.country.name]


class Address(PostalAddress):
    user = models.ForeignKey(
        settings.AUTH_USER_MODEL, models.CASCADE, related_name="addresses"
    )
    is_default = models.BooleanField(_("use this one first"), default=False)

    class Meta:
        ordering = ["-is_default", "pk"]
        constraints = [
            models.UniqueConstraint(
                fields=["user"],
                condition=models.Q(is_default=True),
                name="one_default_address_per_user",
            ),
        ]

    def __str__(self):
        return ", ".join(self.lines())


def country_of(user) -> str:
    """Where somebody's parcels go; empty where that is not known."""
    address = user.addresses.first() if user.is_authenticated else None
    return str(address.country) if address else ""


class NotificationQuerySet(models.QuerySet):
    def unread(self):
        return self.filter(read_at=None)


class Notification(models.Model):
    """A message in a person's inbox on the site; the mail tells the same."""

    user = models.ForeignKey(
        settings.AUTH_USER_MODEL, models.CASCADE, related_name="notifications"
    )
    subject = models.CharField(max_length=200)
    body = models.TextField(blank=True)
    url = models.CharField(max_length=300, blank=True)
    created_at = models.DateTimeField(auto_now_add=True)
    read_at = models.DateTimeField(null=True, blank=True)

    objects = NotificationQuerySet.as_manager()

    class Meta:
        ordering = ["-created_at", "-pk"]
        indexes = [
            models.Index(fields=["user", "-created_at"]),
            models.Index(
                fields=["user"],
                condition=models.Q(read_at=None),
                name="unread_notifications",
            ),
        ]

    def __str__(self):
        return self.subject


class OutgoingMailQuerySet(models.QuerySet):
    def due(self):
        """Not sent, not being sent, and not given up."""
        return self.filter(
            sent_at=None,
            next_attempt_at__lte=timezone.now(),
            attempts__lt=OutgoingMail.MAX_ATTEMPTS,
        )


class OutgoingMail(models.Model):
    """A mail on its way out: the row is the truth, the queue message only a hint.

    `next_attempt_at` is the lease of an attempt and the pause after it in one, so
    that a worker that dies delays the mail and never loses it.
    """

    FIRST_PAUSE = timedelta(minutes=2)  # longer than EMAIL_TIMEOUT
    MAX_ATTEMPTS = 10  # the last one about 17 hours after the first

    recipient = models.EmailField()
    subject = models.CharField(max_length=200)
    # Emptied once the mail is sent: they hold links that open accounts.
    text = models.TextField(blank=True)
    html = models.TextField(blank=True)
    created_at = models.DateTimeField(auto_now_add=True)
    attempts = models.PositiveSmallIntegerField(default=0)
    next_attempt_at = models.DateTimeField(default=timezone.now)
    failure = models.CharField(max_length=300, blank=True)
    sent_at = models.DateTimeField(null=True, blank=True)

    objects = OutgoingMailQuerySet.as_manager()

    class Meta:
        ordering = ["-pk"]
        indexes = [
            models.Index(
                fields=["next_attempt_at"],
                condition=models.Q(sent_at=None),
                name="unsent_mail_by_attempt",
            ),
        ]

    def __str__(self):
        return f"{self.subject} → {self.recipient}"

    def claim(self):
        """Take the mail for one attempt; False when it is sent, taken or not due."""
        due = OutgoingMail.objects.due().filter(pk=self.pk, attempts=self.attempts)
        pause = self.FIRST_PAUSE * 2**self.attempts
        return bool(
            due.update(
                attempts=F("attempts") + 1, next_attempt_at=timezone.now() + pause
            )
        )

    claim.alters_data = True  # never from a template

    def mark_sent(self):
        OutgoingMail.objects.filter(pk=self.pk).update(
            sent_at=timezone.now(), text="", html="", failure=""
        )

    mark_sent.alters_data = True

    def mark_failed(self, failure):
        """Leave it to the sweep, which tries again after the pause."""
        OutgoingMail.objects.filter(pk=self.pk).update(failure=failure[:300])

    mark_failed.alters_data = True
