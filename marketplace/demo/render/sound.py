"""Music for a film, synthesised: a pad, a plucked line, a soft beat."""

import wave

import numpy as np

RATE = 44100
# Chords as semitones above A2; one bar each.
MOODS = {
    "warm": (84, [(3, 7, 10, 14), (0, 3, 7, 10), (8, 12, 15, 19), (5, 8, 12, 15)]),
    "night": (72, [(0, 7, 10, 14), (8, 12, 15, 19), (3, 10, 14, 17), (10, 14, 17, 21)]),
    "pulse": (112, [(0, 3, 7, 12), (0, 3, 8, 12), (5, 8, 12, 15), (7, 10, 14, 17)]),
    "air": (90, [(5, 9, 12, 16), (0, 4, 7, 11), (9, 12, 16, 19), (7, 11, 14, 17)]),
    "play": (124, [(0, 4, 7, 12), (9, 12, 16, 21), (5, 9, 12, 17), (7, 11, 14, 19)]),
}


def tone(semitones):
    return 110.0 * 2 ** (semitones / 12)


def pad(frequency, seconds):
    t = np.arange(int(seconds * RATE)) / RATE
    wave_ = sum(
        np.sin(2 * np.pi * frequency * h * t * (1 + d)) / h**1.7
        for h in (1, 2, 3, 4)
        for d in (-0.0015, 0.0015)
    )
    rise = np.clip(t / 0.5, 0, 1) * np.clip((seconds - t) / 0.4, 0, 1)
    return wave_ * rise * 0.06


def pluck(frequency, seconds=0.9):
    t = np.arange(int(seconds * RATE)) / RATE
    bend = 1.6 * np.sin(4 * np.pi * frequency * t) * np.exp(-t * 9)
    body = np.sin(2 * np.pi * frequency * t + bend)
    return body * np.exp(-t * 5.5) * 0.16 * np.clip(t / 0.004, 0, 1)


def kick():
    t = np.arange(int(0.32 * RATE)) / RATE
    sweep = 48 * t + 75 * (1 - np.exp(-t * 30)) / 30
    return np.sin(2 * np.pi * sweep) * np.exp(-t * 11) * 0.55


def brush(random, seconds, decay, level):
    t = np.arange(int(seconds * RATE)) / RATE
    noise = np.diff(random.standard_normal(len(t) + 1))
    return noise * np.exp(-t * decay) * level


def music(mood, seconds, seed):
    """Stereo samples of the given length, faded at the end."""
    random = np.random.default_rng(seed)
    tempo, chords = MOODS[mood]
    beat = 60 / tempo
    track = np.zeros((int(seconds * RATE) + 4 * RATE, 2))
    bar = 4 * beat
    shift = int(random.integers(-2, 4))
    for nth in range(int(np.ceil(seconds / bar))):
        chord = [c + shift for c in chords[(nth + seed) % len(chords)]]
        _bar(track, nth * bar, beat, chord, random)
    track = track[: int(seconds * RATE)]
    echo = int(0.75 * beat * RATE)
    if len(track) > echo:
        track[echo:, ::-1] += 0.22 * track[:-echo]
    fade = np.clip((len(track) - np.arange(len(track))) / (0.35 * RATE), 0, 1)
    return np.tanh(track * fade[:, None] * 1.2) * 0.8


def _bar(track, start, beat, chord, random):
    def put(sound, at, side=0.0):
        i = int((start + at) * RATE)
        part = track[i : i + len(sound)]
        part[:, 0] += sound[: len(part)] * (1 - side)
        part[:, 1] += sound[: len(part)] * (1 + side)

    put(pad(tone(chord[0] - 12), 4 * beat) * 1.6, 0)
    for nth, note in enumerate(chord):
        put(pad(tone(note), 4 * beat), 0, 0.5 * (-1) ** nth)
    for step in range(8):
        if random.random() < 0.72:
            note = chord[int(random.integers(len(chord)))] + 12
            put(pluck(tone(note)), step * beat / 2, random.uniform(-0.4, 0.4))
        put(brush(random, 0.09, 55, 0.035 if step % 2 else 0.02), step * beat / 2, 0.2)
    for at in (0, 2, 2.75):
        put(kick(), at * beat)
    for at in (1, 3):
        put(brush(random, 0.22, 22, 0.1), at * beat, -0.15)


def write(path, samples):
    with wave.open(str(path), "wb") as file:
        file.setnchannels(2)
        file.setsampwidth(2)
        file.setframerate(RATE)
        file.writeframes((np.clip(samples, -1, 1) * 32767).astype("<i2").tobytes())
