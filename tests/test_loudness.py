"""Every clip comes out equally loud, and silence stays silent."""

import math
import subprocess

import av
import pytest

from tests.clips import make_clip
from tests.packages import folder_of, transcoded
from videos import ffmpeg
from videos.loudness import loudness_in

pytestmark = [pytest.mark.ffmpeg, pytest.mark.django_db]

# Bursts over a soft hum: the peaks are far above the loudness, as in speech.
SPEECH = (
    "aevalsrc=0.3*sin(2*PI*220*t)*gt(sin(2*PI*2*t)\\,0.8)"
    "+0.01*sin(2*PI*110*t):sample_rate=48000"
)


@pytest.fixture(autouse=True)
def very_short_clips(settings):
    settings.VIDEO_MIN_MS = 250


def measured(path):
    """Integrated loudness and true peak, by the report of EBU R128."""
    report = subprocess.run(
        [ffmpeg.binary(), "-nostdin", "-v", "info", "-i", str(path), "-vn",
         "-af", "ebur128=peak=true:framelog=quiet", "-f", "null", "-"],
        check=True, capture_output=True, text=True,
    ).stderr  # fmt: skip
    lines = [line.split() for line in report.splitlines()]
    lufs = next(float(w[1]) for w in lines if w[:1] == ["I:"])
    peak = next(float(w[1]) for w in lines if w[:1] == ["Peak:"])
    return lufs, peak


def loudness_of(sound, seconds=4):
    video = transcoded(make_clip(sound=sound, seconds=seconds, size="96x64"))
    return measured(folder_of(video) / "video.mp4")


@pytest.mark.parametrize(
    "sound",
    [
        "sine=frequency=440:sample_rate=48000,volume=-12dB",
        "sine=frequency=440:sample_rate=44100,volume=18dB",
        "anoisesrc=color=pink:amplitude=0.4:seed=1,lowpass=f=3000",
        SPEECH,
    ],
)
def test_soft_and_loud_clips_come_out_equally_loud(sound):
    lufs, peak = loudness_of(sound)

    assert lufs == pytest.approx(-14, abs=1)
    assert peak <= -1


def test_silence_stays_silent():
    lufs, peak = loudness_of("anullsrc=sample_rate=48000")

    assert (lufs, peak) == (-70, -math.inf)


def test_the_noise_of_a_microphone_is_not_blown_up():
    noise = "anoisesrc=color=pink:amplitude=0.001:seed=1"
    before = measured(make_clip(sound=noise, seconds=4, size="96x64"))

    after = loudness_of(noise)

    assert before[0] < -50
    assert after[0] == pytest.approx(before[0], abs=1.5)


def test_a_very_short_sound_is_not_made_louder():
    soft = "sine=frequency=440:sample_rate=48000,volume=-12dB"
    before = measured(make_clip(sound=soft, seconds=0.6, size="96x64"))

    after = loudness_of(soft, seconds=0.6)

    assert before[1] < -25
    assert before[1] - 4 < after[1] < before[1] + 0.5


def test_the_soft_stays_softer_than_the_loud():
    sound = "aevalsrc=0.05*sin(2*PI*440*t)*(1+3*gt(t\\,2)):sample_rate=48000"
    video = transcoded(make_clip(sound=sound, seconds=4, size="96x64"))

    with av.open(folder_of(video) / "video.mp4") as container:
        levels = [
            (float(f.time), abs(f.to_ndarray()).mean())
            for f in container.decode(audio=0)
        ]
    soft = [level for time, level in levels if 0.5 < time < 1.5]
    loud = [level for time, level in levels if 2.5 < time < 3.5]
    assert sum(loud) / len(loud) == pytest.approx(4 * sum(soft) / len(soft), rel=0.1)


def test_the_last_printed_figures_count():
    found = loudness_in(
        "lavfi.r128.I=-30.0\nlavfi.r128.sample_peak=0.1\nframe:2\n"
        "lavfi.r128.I=-20.5\nlavfi.r128.sample_peak=0.5\nlavfi.r128.LRA.low=-35"
    )

    assert found.lufs == -20.5
    assert found.peak_dbfs == pytest.approx(-6.02, abs=0.01)
    assert loudness_in("frame:0 pts:0\n") is None
