"""From where on a watched video says something, by the share of it that was seen."""

LIKED_FROM = 0.4
FINISHED_FROM = 0.8
