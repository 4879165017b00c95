"""Which model ranks the feed: train one, list them, go back."""

from django.core.management.base import BaseCommand, CommandError

from videos.feed import training
from videos.models import FeedModel, ModelConflict


class Command(BaseCommand):
    help = "List the feed's models; with an option, train one or put one in service."

    def add_arguments(self, parser):
        what = parser.add_mutually_exclusive_group()
        what.add_argument("--train", action="store_true", help="train one now")
        what.add_argument(
            "--previous", action="store_true", help="back to the one before"
        )
        what.add_argument("--use", metavar="VERSION", help="put this one in service")

    def handle(self, *, train, previous, use, **options):
        if train:
            self.train()
        elif previous or use:
            self.put_in_service(use)
        for model in FeedModel.objects.order_by("-made_at"):
            self.stdout.write(f"{model.version} {model.status} {model.figures}")

    def train(self):
        try:
            training.train()
        except training.NothingToLearn:
            raise CommandError("Nobody has watched anything yet.") from None

    def put_in_service(self, version):
        found = FeedModel.objects.filter(version=version).first()
        model = found if version else FeedModel.objects.previous()
        if model is None:
            raise CommandError("There is no such model.")
        try:
            model.put_in_service()
        except ModelConflict as conflict:
            raise CommandError(str(conflict)) from conflict
