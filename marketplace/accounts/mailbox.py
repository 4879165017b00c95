"""Mails that development wrote to files instead of sending them."""

from dataclasses import dataclass
from email import message_from_bytes, policy
from email.message import EmailMessage
from pathlib import Path

# What the file backend writes behind every message.
SEPARATOR = b"\n" + b"-" * 79 + b"\n"
SHOWN = 50


@dataclass(frozen=True)
class Letter:
    name: str
    message: EmailMessage

    @property
    def subject(self) -> str:
        return self.message["subject"] or ""

    @property
    def recipient(self) -> str:
        return self.message["to"] or ""

    @property
    def sent_at(self):
        return self.message["date"].datetime

    @property
    def text(self) -> str:
        return self.content("plain")

    @property
    def html(self) -> str:
        return self.content("html")

    def content(self, kind: str) -> str:
        part = self.message.get_body(preferencelist=(kind,))
        return part.get_content() if part else ""


def letters(folder: Path) -> list[Letter]:
    """The newest first; each is its own file, as the site sends them one by one."""
    files = sorted(folder.glob("*.log"), reverse=True) if folder.is_dir() else []
    return [read(file) for file in files[:SHOWN]]


def letter(folder: Path, name: str) -> Letter | None:
    """The letter of that name among those in the folder, wherever `name` points."""
    files = {file.stem: file for file in folder.glob("*.log")}
    return read(files[name]) if name in files else None


def read(file: Path) -> Letter:
    first, _, _ = file.read_bytes().partition(SEPARATOR)
    return Letter(file.stem, message_from_bytes(first, policy=policy.default))
