"""What HDR should look like on an SDR screen, computed apart from ffmpeg.

BT.2100 turns the signal into light, the curve of BT.2390 bends it below the white
of BT.2408 (203 nits), BT.2087 gives the colours of BT.709, BT.1886 the screen's.
"""

import numpy as np

SOURCE_NITS = 1000
WHITE_NITS = 203
BT2020_LUMA = np.array([0.2627, 0.6780, 0.0593])
BT2020_TO_709 = np.array([
    [1.6605, -0.5876, -0.0728],
    [-0.1246, 1.1329, -0.0083],
    [-0.0182, -0.1006, 1.1187],
])  # fmt: skip

M1, M2 = 2610 / 16384, 2523 / 32
C1, C2, C3 = 3424 / 4096, 2413 / 128, 2392 / 128
A, B, C = 0.17883277, 0.28466892, 0.55991073


def pq_light(signal):
    power = np.power(np.clip(signal, 0, 1), 1 / M2)
    return 10000 * np.power(np.maximum(power - C1, 0) / (C2 - C3 * power), 1 / M1)


def pq_signal(nits):
    power = np.power(np.clip(nits / 10000, 0, 1), M1)
    return np.power((C1 + C2 * power) / (1 + C3 * power), M2)


def hlg_light(signal):
    """On a screen of 1000 nits, whose system gamma is 1.2."""
    scene = np.where(signal <= 0.5, signal**2 / 3, (np.exp((signal - C) / A) + B) / 12)
    luma = np.maximum(scene @ BT2020_LUMA, 1e-9)[..., None]
    return SOURCE_NITS * scene * luma**0.2


def hlg_signal(nits):
    """Of grey or coloured light, the way back."""
    luma = np.maximum(nits @ BT2020_LUMA / SOURCE_NITS, 1e-9)[..., None]
    scene = nits / SOURCE_NITS * luma ** (1 / 1.2 - 1)
    upper = A * np.log(np.maximum(12 * scene - B, 1e-9)) + C
    return np.where(scene <= 1 / 12, np.sqrt(3 * scene), upper)


LIGHT = {"hlg": hlg_light, "pq": pq_light}
SIGNAL = {"hlg": hlg_signal, "pq": pq_signal}


def on_sdr(signal, transfer):
    """R'G'B' 0..1 of an SDR screen for the BT.2020 signal of an HDR picture."""
    nits = LIGHT[transfer](signal)
    brightest = nits.max(-1)
    bent = pq_light(_knee(pq_signal(brightest)))
    nits = nits * (bent / np.maximum(brightest, 1e-6))[..., None]
    return np.power(np.clip(nits / WHITE_NITS @ BT2020_TO_709.T, 0, 1), 1 / 2.4)


def _knee(signal):
    """BT.2390-10, 5.4.1: a Hermite spline above the knee."""
    top = pq_signal(np.float64(SOURCE_NITS))
    most = pq_signal(np.float64(WHITE_NITS)) / top
    knee = 1.5 * most - 0.5
    e = np.clip(signal / top, 0, 1)
    t = np.clip((e - knee) / (1 - knee), 0, 1)
    spline = (
        (2 * t**3 - 3 * t**2 + 1) * knee
        + (t**3 - 2 * t**2 + t) * (1 - knee)
        + (3 * t**2 - 2 * t**3) * most
    )
    return np.where(e < knee, e, spline) * top


def planes_of(signal):
    """Y'CbCr 4:2:0, 10 bits, of an R'G'B' signal whose blocks are even."""
    luma = signal @ BT2020_LUMA
    blue = (signal[..., 2] - luma) / 1.8814
    red = (signal[..., 0] - luma) / 1.4746
    small = [plane[::2, ::2] for plane in (blue, red)]
    parts = [64 + 876 * luma, *(512 + 896 * plane for plane in small)]
    return b"".join(np.rint(p).astype("<u2").tobytes() for p in parts)


def signal_of(frame):
    """R'G'B' at half the size, of a decoded 10-bit 4:2:0 frame."""
    height, width = frame.height // 2 * 2, frame.width // 2 * 2
    samples = frame.to_ndarray(format="yuv420p10le").astype(float)
    rest = samples[frame.height :].reshape(2, frame.height // 2, frame.width // 2)
    luma = samples[:height, :width].reshape(height // 2, 2, width // 2, 2).mean((1, 3))
    y, u, v = (luma - 64) / 876, (rest[0] - 512) / 896, (rest[1] - 512) / 896
    red, blue = y + 1.4746 * v, y + 1.8814 * u
    green = (y - 0.2627 * red - 0.0593 * blue) / 0.6780
    return np.clip(np.stack([red, green, blue], -1), 0, 1)
