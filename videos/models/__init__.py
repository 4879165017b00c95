from videos.models.content_features import ContentFeatures
from videos.models.engagement import Engagement
from videos.models.event import EventProgress, Impression, WatchEvent
from videos.models.experiment import (
    Experiment,
    ExperimentArm,
    ExperimentConflict,
    ExperimentExposure,
)
from videos.models.exposure import AudienceState, PoolDecision, VideoTrial
from videos.models.feed_choice import FeedChoice
from videos.models.feed_model import FeedModel, ModelConflict
from videos.models.processing import LeaseLost, VideoConflict
from videos.models.product_pair import ProductPair
from videos.models.product_tag import ProductTag, TagHotspot
from videos.models.ranking_log import RankingLog
from videos.models.rendition import CaptionTrack, Rendition
from videos.models.upload import Upload, UploadBusy, UploadClosed, UploadConflict
from videos.models.version import FormerVersion
from videos.models.video import Video

__all__ = [
    "AudienceState",
    "CaptionTrack",
    "ContentFeatures",
    "Engagement",
    "EventProgress",
    "Experiment",
    "ExperimentArm",
    "ExperimentConflict",
    "ExperimentExposure",
    "FeedChoice",
    "FeedModel",
    "FormerVersion",
    "Impression",
    "LeaseLost",
    "ModelConflict",
    "PoolDecision",
    "ProductPair",
    "ProductTag",
    "RankingLog",
    "Rendition",
    "TagHotspot",
    "Upload",
    "UploadBusy",
    "UploadClosed",
    "UploadConflict",
    "Video",
    "VideoConflict",
    "VideoTrial",
    "WatchEvent",
]
