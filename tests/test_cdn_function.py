"""The function for a CDN in docs/, run by Node on addresses that the site signs."""

import json
import subprocess
import sys
from pathlib import Path

import pytest
from django.conf import settings

from marketplace import video_addresses
from marketplace.video_addresses import address_of

ROOT = Path(__file__).resolve().parent.parent
sys.path.insert(0, str(ROOT / "deploy"))

from prepare import npm_command  # noqa: E402

FUNCTION = ROOT / "docs" / "cloudfront-function.js"


def answers(*addresses):
    """What the function makes of each address."""
    source = FUNCTION.read_text().replace(
        "put VIDEO_SIGNING_KEY here", settings.VIDEO_SIGNING_KEY
    )
    asked = [{"request": {"uri": a.removeprefix("/media")}} for a in addresses]
    script = f"{source}\nconsole.log(JSON.stringify({json.dumps(asked)}.map(handler)))"
    _npm, environment = npm_command()
    done = subprocess.run(
        ["node", "-e", script],
        env=environment, capture_output=True, text=True, check=True,
    )  # fmt: skip
    return [a.get("statusCode") or a["uri"] for a in json.loads(done.stdout)]


@pytest.mark.parametrize("is_shared", [True, False])
def test_a_signed_address_leads_to_its_object(is_shared):
    address = address_of("videos/a-_b/1/index.m3u8", is_shared=is_shared)
    beside = address.replace("index.m3u8", "540p/segment.m4s")

    assert answers(address, beside) == [
        "/videos/a-_b/1/index.m3u8",
        "/videos/a-_b/1/540p/segment.m4s",
    ]


def test_everything_else_is_refused(monkeypatch):
    address = address_of("videos/ab/1/index.m3u8", is_shared=False)
    others = [
        address.replace("private", "shared"),
        address.replace("/1/index", "/2/index"),
        address.replace("/index", "//index"),
        address.replace("index", "../2/index"),
        "/videos/ab/1/index.m3u8",
        "/sources/ab/1",
    ]
    monkeypatch.setattr(video_addresses, "expiry", lambda: 1_700_000_000)
    ended = address_of("videos/ab/1/index.m3u8", is_shared=False)

    assert answers(*others, ended) == [404] * len(others) + [403]
