from django.contrib.admin.apps import AdminConfig


class DeskAppConfig(AdminConfig):
    default_site = "marketplace.moderation.desk.Desk"
