"""What the feed goes by.  Public: docs/feed.md has the same figures."""

from marketplace.env import env_bool, env_int

# Of so many days the events are learnt from.
FEED_TRAINING_DAYS = env_int("FEED_TRAINING_DAYS", 90, minimum=1)
# After so many days events say no longer whose they were; later they go.
FEED_EVENTS_PERSONAL_DAYS = env_int("FEED_EVENTS_PERSONAL_DAYS", 90, minimum=1)
FEED_EVENTS_KEEP_DAYS = env_int("FEED_EVENTS_KEEP_DAYS", 400, minimum=1)
# A video that comes on the same screen again within so many minutes, as after a page
# is loaded anew, was shown once; 0: each time counts.
FEED_IMPRESSION_MINUTES = env_int("FEED_IMPRESSION_MINUTES", 30, minimum=0)
# From one address, behind which there may be many people.
FEED_EVENTS_PER_MINUTE = env_int("FEED_EVENTS_PER_MINUTE", 6000, minimum=1)
# So many batches wait in Redis for a worker; the next are written at once.
FEED_EVENTS_QUEUE = env_int("FEED_EVENTS_QUEUE", 50_000, minimum=1)
# Web processes look so often whether another model serves; 0: never.
FEED_LOOKS_EVERY_SECONDS = 15
# Nobody has a feed of their own who has not said so; else whoever has not said no.
FEED_ASKS_CONSENT = env_bool("FEED_ASKS_CONSENT", False)
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
# what follows from this visit, what goes with all that was liked, what is alike; that
# of a followed shop, and the most popular of the last days.
FEED_PARTS = {
    "visit": 3.0,
    "taste": 2.0,
    "content": 0.5,
    "followed": 1.0,
    "trending": 0.5,
}
# The same for the videos beside one, of which nothing but that one is asked.
FEED_RELATED = {"visit": 2.0, "taste": 2.0, "content": 1.0}
# How many times its usual value a product of the Shop tab gains that is in a video
# which suits best, is like one that was opened, or is of the category liked most.
FEED_GOODS = {"video": 2.0, "alike": 1.0, "category": 1.0}
# Two products are bought together if so many people had both in one order within so
# many days, and that many times as often as if the two had nothing to do.
FEED_TOGETHER = {"days": 365, "buyers": 3, "lift": 1.5}
# What an impression is worth is its expected completion, times one and these: each in
# completions.  What is given back is taken away again.
FEED_VALUES = {"tap": 1.0, "cart": 3.0, "purchase": 12.0, "refund": 12.0}
# Of all places so many go to videos on trial: to those that nobody knows yet, and to
# those that have passed a trial and still have a quota.  Of these most come by merit.
FEED_EXPOSURE = {"trial_share": 1 / 36, "support_share": 1 / 60}
# Settings of which an experiment may try other numbers, from 0 to so many.
FEED_TRIED = {"FEED_PARTS": 1000, "FEED_VALUES": 1000, "FEED_EXPOSURE": 1}
# So many neighbours are a page; of those at most so many by one shop, of one category
# and with something to buy, and at least so many new ones, while there are others.
FEED_LIST = {"page": 10, "shop": 2, "category": 4, "commercial": 8, "fresh": 1}
# New is what was published in so many days.
FEED_FRESH_DAYS = 3
# What was shown comes again after so many days, or when nothing else is left.
FEED_REPEAT_DAYS = env_int("FEED_REPEAT_DAYS", 30, minimum=1)
# Of each hundred visits so many are written down with the reasons of their lists.
FEED_LOG_PERCENT = env_int("FEED_LOG_PERCENT", 10)
FEED_LOG_KEEP_DAYS = env_int("FEED_LOG_KEEP_DAYS", 90, minimum=1)
