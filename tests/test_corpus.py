"""`make corpus`: a folder of files through upload and transcode, against a table."""

import pytest

from bench import corpus
from tests.clips import make_audio_only, make_clip

HEAD = "file,outcome,width,height,duration_ms,has_audio,transfer\n"


@pytest.fixture
def folder(tmp_path):
    folder = tmp_path / "files"
    folder.mkdir()
    (folder / "good.mp4").write_bytes(make_clip().read_bytes())
    (folder / "sound.mp4").write_bytes(make_audio_only().read_bytes())
    (folder / "page.html").write_text("<html>")
    return folder


@pytest.fixture
def go_through(folder, capsys, eager_tasks):
    """The exit status, and what was printed."""

    def go_through(*options):
        with pytest.raises(SystemExit) as ended:
            corpus.main([str(folder), *options])
        return ended.value.code, capsys.readouterr().out

    return go_through


@pytest.mark.ffmpeg
@pytest.mark.django_db
def test_what_ends_as_expected_is_no_surprise_and_what_does_not_is(
    go_through, tmp_path
):
    table = tmp_path / "table.csv"
    rows = [
        "good.mp4,ready,360,640,1000,no,sdr",
        "sound.mp4,no_picture,,,,,",
        "page.html,not_a_video,,,,,",
    ]
    table.write_text(HEAD + "".join(f"{row}\n" for row in rows))

    surprised, said = go_through("--expected", str(table))
    calm, briefly = go_through("--expected", str(table), "--only", "page.html")

    assert surprised == 1
    assert "good.mp4: ready 360×640 1.00 s sound" in said
    assert "SURPRISE: expected ready 360×640 1.00 s silent" in said
    assert "sound.mp4: no_picture The file has sound but no picture" in said
    assert "3 files, 1 surprises" in said
    assert calm == 0
    assert "page.html: not_a_video (on the upload page)" in briefly
