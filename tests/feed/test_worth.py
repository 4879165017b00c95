import pytest
from hypothesis import given
from hypothesis import strategies as st

from videos.feed.worth import USUAL, follow_rates, tap_worth

VALUES = {"tap": 1.0, "cart": 3.0, "purchase": 12.0, "refund": 12.0}
FEW = st.integers(0, 50)


def worth(tapped=0, **counts):
    known = dict.fromkeys(USUAL, [0]) | {name: [n] for name, n in counts.items()}
    return float(tap_worth(follow_rates([tapped], known), VALUES)[0])


def test_of_an_unknown_video_the_usual_is_believed():
    assert worth() == pytest.approx(1 + 3 * 0.25 + 12 * 0.2 - 12 * 0.0125)


def test_what_is_bought_is_worth_more_and_what_comes_back_less():
    assert worth(40, purchase=20) > worth(40) > worth(40, refund=3)
    assert worth(40, purchase=20, refund=20) < worth(40, purchase=20)


@given(FEW, FEW, FEW, FEW)
def test_nothing_is_worth_less_than_nothing(tapped, carts, purchases, refunds):
    assert worth(tapped, cart=carts, purchase=purchases, refund=refunds) >= 0
