"""The documents name what the code reads, all of it and nothing else."""

import re
from pathlib import Path

ROOT = Path(__file__).resolve().parent.parent
READ = re.compile(
    r"""(?:env_\w+|server_address)\(\s*(?:"[a-z]+",\s*)?"([A-Z][A-Z_0-9]+)\""""
)
# Read by boto3 and by `make run`, not by the settings.
READ_ELSEWHERE = {"AWS_ACCESS_KEY_ID", "AWS_SECRET_ACCESS_KEY", "DEMO", "HOST", "PORT"}


def settings_read():
    files = [*(ROOT / "marketplace").glob("*settings.py")]
    files += [ROOT / "marketplace" / "file_storages.py"]
    source = "".join(path.read_text() for path in files)
    return set(READ.findall(source)) | READ_ELSEWHERE


def test_every_setting_is_explained_and_every_explained_one_is_read():
    text = (ROOT / "docs" / "settings.md").read_text()
    rows = [line.split("|")[1] for line in text.splitlines() if line.startswith("| `")]

    explained = {name for row in rows for name in re.findall(r"`([A-Z_0-9]+)`", row)}

    assert explained == settings_read()


def test_the_production_example_sets_only_what_is_read():
    lines = (ROOT / "docs" / "production.env.example").read_text().splitlines()

    names = {line.split("=")[0] for line in lines if line and line[0] != "#"}

    assert names - settings_read() == set()


def test_every_link_between_the_documents_leads_somewhere():
    documents = [*ROOT.glob("*.md"), *(ROOT / "docs").glob("*.md")]

    broken = [
        f"{document.name}: {link}"
        for document in documents
        for link in re.findall(r"\]\(([^)#:]+)\)", document.read_text())
        if not (document.parent / link).exists()
    ]

    assert broken == []
