"""What waits for a moderator."""

from django.utils import timezone

from marketplace.demo import credentials, people
from marketplace.moderation.models import Report
from sellers import onboarding
from sellers.models import Product
from videos.models import Video

REPORTS = [
    ("product", "Cloud Cream", Report.Reason.MISLEADING,
     "The page says without perfume oil, but the list on the jar names rose oil."),
    ("video", "full-moon.mp4", Report.Reason.RIGHTS,
     "The music sounds very much like a track of mine. Please check the licence."),
    ("product", "Storm Oil Lamp", Report.Reason.DANGEROUS,
     "Is an open flame with a loose chimney allowed to be sold without a warning?"),
]  # fmt: skip


def file_reports(reporters):
    for nth, (kind, name, reason, details) in enumerate(REPORTS):
        if kind == "video":
            subject = {"video": Video.objects.filter(source_name=name).first()}
        else:
            subject = {"product": Product.objects.filter(title=name).first()}
        if None not in subject.values():
            Report.objects.get_or_create(
                **subject,
                reason=reason,
                reporter=reporters[nth],
                defaults={"details": details, "email": reporters[nth].email},
            )


def apply_once():
    """A shop that waits to be let in."""
    applicant = people.account(credentials.APPLICANT, "Tomás Ribeiro")
    if applicant.seller_memberships.exists():
        return
    seller = onboarding.apply_to_sell(
        applicant,
        {
            "name": "Ribeiro Bicycle Bells",
            "tagline": "Brass bells, turned one by one",
            "description": "Bells, horns and headset caps from a workshop in Porto.",
            "legal_name": "Tomás Ribeiro Unipessoal Lda",
            "email": applicant.email,
            "business_address": "Rua do Almada 210, 4050-032 Porto",
            "country": "PT",
        },
    )
    type(seller).objects.filter(pk=seller.pk).update(applied_at=timezone.now())
