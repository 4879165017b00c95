from videos.models.engagement import Engagement, Impression, WatchEvent
from videos.models.product_tag import ProductTag, TagHotspot
from videos.models.video import (
    CaptionTrack,
    LeaseLost,
    Rendition,
    Video,
    VideoConflict,
)

__all__ = [
    "CaptionTrack",
    "Engagement",
    "Impression",
    "LeaseLost",
    "ProductTag",
    "Rendition",
    "TagHotspot",
    "Video",
    "VideoConflict",
    "WatchEvent",
]
