"""A storage that fails when and how a test says."""

import time

from django.core.files.base import ContentFile
from django.core.files.storage import FileSystemStorage


class Trouble:
    """What the storage suffers from; tests change it."""

    failing_saves = 0
    is_after_write = False
    seconds_per_save = 0.0


class TroubledStorage(FileSystemStorage):
    def save(self, name, content, max_length=None):
        time.sleep(Trouble.seconds_per_save)
        if Trouble.failing_saves:
            Trouble.failing_saves -= 1
            if Trouble.is_after_write:
                # As a server does that stores the file and then answers 500.
                super().save(name, ContentFile(content.read()), max_length)
            raise OSError("503 Service Unavailable")
        return super().save(name, content, max_length)
