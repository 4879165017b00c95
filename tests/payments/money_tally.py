"""Counts what the money machine has done, been refused and seen."""

from collections import Counter
from functools import wraps

from hypothesis.stateful import precondition, rule

from tests.payments.money_world import REFUSALS


class Tally:
    """Of all histories of a run."""

    def __init__(self):
        self.steps, self.histories, self.faults = 0, 0, 0
        self.done, self.refused, self.reached = Counter(), Counter(), {}

    def saw(self, states):
        for name, count in states.items():
            self.reached[name] = self.reached.get(name, 0) + count


tally = Tally()


ACTIONS = []


def happens(when=None, **strategies):
    """A rule that counts; somebody may be refused, and then nothing has changed."""

    def wrap(act):
        ACTIONS.append(act.__name__)

        @wraps(act)
        def step(self, **values):
            tally.steps += 1
            with self.world.sound():
                try:
                    act(self, **values)
                except REFUSALS:
                    tally.refused[act.__name__] += 1
                else:
                    tally.done[act.__name__] += 1
                self.world.messages.send_committed()

        made = rule(**strategies)(step)
        return precondition(lambda self: bool(when(self.world)))(made) if when else made

    return wrap


def pick(found, number):
    return found[number % len(found)]
