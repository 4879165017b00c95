"""What the feed goes by.  Public: docs/feed.md has the same figures."""

from marketplace.env import env_int

# Of so many days the events are learnt from.
FEED_TRAINING_DAYS = env_int("FEED_TRAINING_DAYS", 90, minimum=1)
# After so many days events say no longer whose they were; later they go.
FEED_EVENTS_PERSONAL_DAYS = env_int("FEED_EVENTS_PERSONAL_DAYS", 90, minimum=1)
FEED_EVENTS_KEEP_DAYS = env_int("FEED_EVENTS_KEEP_DAYS", 400, minimum=1)
# From one address, behind which there may be many people.
FEED_EVENTS_PER_MINUTE = env_int("FEED_EVENTS_PER_MINUTE", 6000, minimum=1)
# So many batches wait in Redis for a worker; the next are written at once.
FEED_EVENTS_QUEUE = env_int("FEED_EVENTS_QUEUE", 50_000, minimum=1)
# Web processes look so often whether another model serves; 0: never.
FEED_LOOKS_EVERY_SECONDS = 15
# How much each says that somebody liked a video; of watching, by the share watched.
FEED_WORTH = {
    "watch": 1.0,
    "like": 2.0,
    "save": 2.0,
    "share": 2.0,
    "tag": 2.0,
    "cart": 3.0,
}
# How many times its usual value a video gains that is the first which a part finds:
# what follows from this visit, what goes with all that was liked, what is alike.
FEED_PARTS = {"visit": 3.0, "taste": 2.0, "content": 0.5}
