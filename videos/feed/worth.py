"""What opening a product is worth, in completions: what becomes of it.  Pure."""

import numpy as np

# Of a hundred who open a product; believed of each video as if so many had.
USUAL = {"cart": 0.25, "purchase": 0.2, "refund": 0.0125}
USUAL_TAPS = 20


def follow_rates(tapped, counts: dict) -> dict:
    """How often each of USUAL follows an opened product, from how often it did."""
    tapped = np.asarray(tapped, float)
    return {
        name: (np.asarray(counts[name]) + USUAL_TAPS * usual) / (tapped + USUAL_TAPS)
        for name, usual in USUAL.items()
    }


def tap_worth(rates: dict, values: dict):
    """tap + cart, purchase − refund, each times how often it follows; never below 0."""
    worth = np.full(np.shape(rates["cart"]), float(values["tap"]))
    for name, often in rates.items():
        worth += (-1 if name == "refund" else 1) * values[name] * np.asarray(often)
    return np.maximum(worth, 0).astype(np.float32)
