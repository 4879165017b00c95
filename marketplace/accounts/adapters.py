"""How django-allauth looks and writes on this site."""

from urllib.parse import urljoin, urlsplit

from allauth.account.adapter import DefaultAccountAdapter
from allauth.mfa.adapter import DefaultMFAAdapter
from allauth.mfa.models import Authenticator
from django.conf import settings
from django.contrib.sites.requests import RequestSite
from django.urls import reverse
from django.utils.translation import gettext as _

from marketplace.accounts import notifications


class Site(RequestSite):
    """Ours by name; never what a request's Host header says."""

    def __init__(self):
        self.name = settings.SITE_NAME
        self.domain = urlsplit(settings.SITE_URL).netloc


class AccountAdapter(DefaultAccountAdapter):
    def send_mail(self, template_prefix, email, context):
        """Through the outbox, in the frame of the site's other mails."""
        context = {**context, "email": email, "current_site": Site()}
        subject = notifications.render_text(f"{template_prefix}_subject.txt", context)
        body = notifications.render_text(f"{template_prefix}_message.txt", context)
        notifications.write_mail(email, subject, body)

    def get_reset_password_from_key_url(self, key):
        uid, _, token = key.partition("-")
        path = reverse("account_reset_password_from_key", args=[uid, token])
        return urljoin(settings.SITE_URL, path)


class MFAAdapter(DefaultMFAAdapter):
    def get_public_key_credential_rp_entity(self):
        """What the browser says of us when it asks for the finger or the PIN."""
        return super().get_public_key_credential_rp_entity() | {
            "name": settings.SITE_NAME
        }

    def generate_authenticator_name(self, user, type):
        number = Authenticator.objects.filter(user=user, type=type).count() + 1
        if number == 1:
            return _("My passkey")
        return _("Passkey %(number)d") % {"number": number}
