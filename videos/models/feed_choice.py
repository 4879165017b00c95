"""What people told the feed of themselves; every word of it can be taken back."""

from django.conf import settings
from django.db import models
from django.db.models import Q
from django.utils.translation import gettext_lazy as _

from sellers.models import Category, Product, Seller
from videos.models.video import Video


class FeedChoiceQuerySet(models.QuerySet):
    def of(self, user_pk: int | None, browser: str):
        """Of the account, and what was chosen in this browser without one."""
        mine = Q(user=user_pk) if user_pk else Q(pk__in=[])
        return self.filter(mine | Q(browser=browser) if browser else mine)


class FeedChoice(models.Model):
    """One wish; undone by deleting the row.  None of it is learnt from."""

    class Kind(models.TextChoices):
        PLAIN = "plain", _("A feed without a profile")
        YOURS = "yours", _("A feed made for me")
        NOT_INTERESTED = "not_interested", _("Not interested in this video")
        HIDDEN = "hidden", _("Not to be shown")
        DROPPED = "dropped", _("An interest that counts no more")
        # What an account watched before is not put beside its name any more.
        AFRESH = "afresh", _("Started afresh")

    # An account's, or that of a browser in which nobody was signed in.
    user = models.ForeignKey(
        settings.AUTH_USER_MODEL, models.CASCADE, null=True, related_name="feed_choices"
    )
    browser = models.CharField(max_length=22, blank=True)
    kind = models.CharField(max_length=14, choices=Kind.choices)
    video = models.ForeignKey(Video, models.CASCADE, null=True, related_name="+")
    seller = models.ForeignKey(Seller, models.CASCADE, null=True, related_name="+")
    product = models.ForeignKey(Product, models.CASCADE, null=True, related_name="+")
    category = models.ForeignKey(Category, models.CASCADE, null=True, related_name="+")
    created_at = models.DateTimeField(auto_now_add=True)

    objects = FeedChoiceQuerySet.as_manager()

    class Meta:
        constraints = [
            models.UniqueConstraint(
                fields=[
                    "user", "browser", "kind", "video", "seller", "product", "category",
                ],
                nulls_distinct=False,
                name="one_feed_choice_of_a_kind",
            ),
            models.CheckConstraint(
                condition=Q(user__isnull=False, browser="")
                | Q(user__isnull=True) & ~Q(browser=""),
                name="feed_choice_of_an_account_or_a_browser",
            ),
        ]  # fmt: skip
        indexes = [
            models.Index(
                fields=["browser"],
                condition=~Q(browser=""),
                name="feed_choices_of_browser",
            ),
        ]

    def __str__(self):
        return self.get_kind_display()

    @property
    def subject(self):
        """What it is about; None where it is about the whole feed."""
        return self.video or self.seller or self.product or self.category
