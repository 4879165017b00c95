"""Real HDR clips beside what the standards make of their own frames."""

import av
import numpy as np
import pytest

from tests import hdr_reference
from tests.packages import transcoded
from tests.real import MEDIA
from tests.test_tone_mapping import LUMA, first_picture

pytestmark = [pytest.mark.ffmpeg, pytest.mark.django_db]

REAL = {
    "01_iphone_dovi_hlg_hevc10_portrait.mp4": "hlg",
    "04_av1_hdr10_portrait_720x1280.mp4": "pq",
    "05_hevc_hdr10_sdr_container.mp4": "pq",
    "06_pixel_hlg_hevc10.mp4": "hlg",
}


@pytest.mark.parametrize("name", REAL)
def test_real_clips_look_as_the_reference_makes_their_own_frames(name):
    with av.open(MEDIA / name) as container:
        frame = next(container.decode(video=0))
        expected = hdr_reference.on_sdr(hdr_reference.signal_of(frame), REAL[name])
        turns = round(frame.rotation / 90)
    expected = np.rot90(expected, turns)

    shown = first_picture(transcoded(MEDIA / name), expected.shape[1::-1])

    assert np.abs(shown - expected).mean() < 0.05
    assert (shown @ LUMA).mean() == pytest.approx((expected @ LUMA).mean(), abs=0.05)
    colourful = np.ptp(expected, axis=-1).mean()
    assert np.ptp(shown, axis=-1).mean() == pytest.approx(colourful, rel=0.3, abs=0.02)
    assert (shown.min(-1) >= 0.997).mean() < 0.005
