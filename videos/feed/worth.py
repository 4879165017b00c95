"""What opening a product is worth, in completions: what becomes of it.  Pure."""

import numpy as np

# Of a hundred who open a product; believed of each video as if so many had.
USUAL = {"cart": 0.25, "purchase": 0.2, "refund": 0.0125}
USUAL_TAPS = 20


def tap_worth(tapped, counts: dict, values: dict):
    """tap + cart, purchase − refund, each times how often it follows; never below 0.

    `counts` has, for each of USUAL, how often it happened with each video.
    """
    tapped = np.asarray(tapped, float)
    worth = np.full(tapped.shape, float(values["tap"]))
    for name, usual in USUAL.items():
        often = (np.asarray(counts[name]) + USUAL_TAPS * usual) / (tapped + USUAL_TAPS)
        worth += (-1 if name == "refund" else 1) * values[name] * often
    return np.maximum(worth, 0).astype(np.float32)
