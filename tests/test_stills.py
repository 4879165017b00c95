"""The storyboard, the frames for the poster, and what stands in until it has loaded."""

import base64
import io
import re

import pytest
from PIL import Image, ImageDraw, ImageFilter, ImageStat

from tests.clips import make_clip
from tests.packages import folder_of, transcoded
from videos import frames, posters, storyboards

# Brighter by the second: a picture tells when it was shown.
BRIGHTENING = ["-vf", "geq=lum=16+20*T:cb=128:cr=128"]


def light(picture):
    return ImageStat.Stat(picture.convert("L")).mean[0]


@pytest.mark.ffmpeg
@pytest.mark.django_db
def test_each_cue_shows_the_middle_of_its_time():
    video = transcoded(make_clip(seconds=6, size="64x112", options=BRIGHTENING))

    text = (folder_of(video) / "storyboard.vtt").read_text()
    cues = re.findall(r"00:(\d\d:\S+) --> .*\n(\S+)#xywh=(\d+),(\d+),(\d+),(\d+)", text)
    assert [cue[0] for cue in cues] == [f"00:0{n}.000" for n in range(6)]
    with Image.open(folder_of(video) / cues[0][1]) as sheet:
        for number, cue in enumerate(cues):
            x, y, width, height = map(int, cue[2:])
            tile = sheet.crop((x, y, x + width, y + height))
            expected = 20 * (number + 0.5) * 255 / 219
            assert light(tile) == pytest.approx(expected, abs=4)


@pytest.mark.parametrize("seconds", [0.3, 1, 59.6, 180])
def test_the_cues_follow_each_other_from_start_to_end(seconds):
    board = storyboards.storyboard_for(1080, 1920, round(seconds * 1000))

    times = re.findall(r"(\S+) --> (\S+)", storyboards.cues(board))
    assert times[0][0] == "00:00:00.000"
    assert [end for _, end in times[:-1]] == [start for start, _ in times[1:]]
    minutes, rest = times[-1][1][3:].split(":")
    assert int(minutes) * 60 + float(rest) == pytest.approx(seconds, abs=0.001)
    assert (board.width, board.height) == (108, 192)
    assert board.columns * board.rows >= board.tiles == len(times) <= 100


def drawing(seed, *, blur=0.0, ground="gray"):
    picture = Image.new("RGB", (360, 640), ground)
    draw = ImageDraw.Draw(picture)
    for n in range(12):
        x, y = (seed * 53 + n * 97) % 300, (seed * 71 + n * 151) % 560
        draw.ellipse(
            (x, y, x + 60, y + 60), fill=(n * 20, seed * 30 % 255, 255 - n * 20)
        )
    return picture.filter(ImageFilter.GaussianBlur(blur))


def saved(folder, pictures):
    paths = []
    for number, picture in enumerate(pictures):
        paths.append(folder / f"{number:02}.jpg")
        picture.save(paths[-1], quality=90)
    return paths


def chosen_of(tmp_path, pictures):
    saved(tmp_path, pictures)
    return [f.path.stem for f in frames.Judge(tmp_path).candidates()]


def test_the_sharpest_frame_of_each_part_is_taken(tmp_path):
    pictures = [drawing(n, blur=0 if n % 3 == 1 else 5) for n in range(15)]

    assert chosen_of(tmp_path, pictures) == ["01", "04", "07", "10", "13"]


def test_frames_are_judged_as_they_come_but_for_the_one_that_is_written(tmp_path):
    judge = frames.Judge(tmp_path)
    pictures = [drawing(n, blur=0 if n % 3 == 1 else 5) for n in range(6)]
    *whole, last = saved(tmp_path, pictures)
    content = last.read_bytes()
    last.write_bytes(content[:900])

    judge.look()

    assert [frame.path for frame in judge.judged] == whole
    for path in whole:  # none is opened again
        path.unlink()
        path.touch()
    last.write_bytes(content)
    assert [f.path.stem for f in judge.candidates()] == ["01", "04"]


def test_black_and_white_frames_are_left_aside(tmp_path):
    black, white = Image.new("RGB", (360, 640)), Image.new("RGB", (360, 640), "white")
    pictures = [black, white, drawing(1, blur=2), white, drawing(2, blur=2), black]

    assert chosen_of(tmp_path, pictures) == ["02", "04"]


def test_what_shows_the_same_again_is_not_offered_twice(tmp_path):
    pictures = [drawing(1)] * 9 + [drawing(2)] * 3 + [drawing(1)] * 3

    assert chosen_of(tmp_path, pictures) == ["00", "09"]


def test_one_frame_is_always_offered_even_of_a_black_clip(tmp_path):
    assert chosen_of(tmp_path, [Image.new("RGB", (64, 64))] * 15) == ["00"]


def test_the_dominant_colour_is_that_which_covers_most():
    picture = Image.new("RGB", (90, 160), (200, 30, 30))
    picture.paste((255, 255, 255), (0, 0, 30, 160))
    picture.paste((0, 0, 0), (60, 0, 90, 70))

    red, green, blue = bytes.fromhex(posters.dominant_colour(picture)[1:])
    assert red > 180
    assert max(green, blue) < 60


def test_the_placeholder_is_a_tiny_picture_of_the_same_shape(tmp_path):
    path = saved(tmp_path, [drawing(3)])[0]

    look = posters.look_of(path)

    head, _, data = look.placeholder.partition(",")
    assert head == "data:image/webp;base64"
    assert len(look.placeholder) < 700
    with Image.open(io.BytesIO(base64.b64decode(data))) as tiny:
        assert tiny.size == (18, 32)
        assert light(tiny) == pytest.approx(light(drawing(3)), abs=6)
