from allauth.account.models import EmailAddress
from allauth.mfa.models import Authenticator
from django.contrib import admin
from django.contrib.auth.models import Group
from django.utils.translation import gettext_lazy as _
from unfold.admin import ModelAdmin

from marketplace.accounts.models import Notification, OutgoingMail, User
from marketplace.moderation.admin.base import DeskAdmin

# Groups anew below; the others hold what nobody at the desk should change.
admin.site.unregister([Group, EmailAddress, Authenticator])


@admin.register(Group)
class GroupAdmin(ModelAdmin):
    search_fields = ["name"]
    filter_horizontal = ["permissions"]

    def formfield_for_manytomany(self, db_field, request, **kwargs):
        field = super().formfield_for_manytomany(db_field, request, **kwargs)
        field.queryset = field.queryset.select_related("content_type")
        return field


@admin.register(User)
class UserAdmin(DeskAdmin):
    """Operators may close an account; only superusers give anybody rights."""

    list_display = ["email", "name", "is_active", "is_staff", "date_joined"]
    list_filter = ["is_staff", "is_active"]
    search_fields = ["email__exact"]
    search_help_text = _("The email address, in full.")
    autocomplete_fields = ["groups"]
    fieldsets = [
        (None, {"fields": ["email", "name", "is_active"]}),
        (_("Rights"), {"fields": ["is_staff", "is_superuser", "groups"]}),
        (_("Dates"), {"fields": ["date_joined", "last_login"]}),
    ]
    RIGHTS = ["is_staff", "is_superuser", "groups"]
    READ_ONLY = ["email", "date_joined", "last_login"]

    def get_search_results(self, request, queryset, search_term):
        word = search_term.strip().lower()
        return (queryset.filter(email=word) if word else queryset), False

    def has_change_permission(self, request, obj=None):
        if request.user.is_superuser:
            return True
        may_change = request.user.has_perm("accounts.change_user")
        return may_change and not (obj and obj.is_staff)

    def get_readonly_fields(self, request, obj=None):
        rights = [] if request.user.is_superuser else self.RIGHTS
        return [*self.READ_ONLY, *rights]


@admin.register(Notification)
class NotificationAdmin(DeskAdmin):
    list_display = ["subject", "user", "created_at", "read_at"]
    list_select_related = ["user"]
    fields = ["user", "subject", "url", "created_at", "read_at"]


@admin.register(OutgoingMail)
class OutgoingMailAdmin(DeskAdmin):
    """Without the text: it may hold links that open accounts."""

    list_display = ["subject", "recipient", "attempts", "failure", "sent_at"]
    fields = [
        "subject",
        "recipient",
        "attempts",
        "next_attempt_at",
        "failure",
        "created_at",
        "sent_at",
    ]
    search_fields = ["recipient__exact"]
