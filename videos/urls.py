from django.urls import include, path

from videos import (
    caption_views,
    deletion_views,
    figure_views,
    multipart_views,
    schedule_views,
    seller_views,
    tagging_views,
    trim_views,
    tus,
    upload_views,
    version_views,
)

app_name = "videos"

seller_centre = [
    path("", seller_views.videos, name="videos"),
    path("deleted/", deletion_views.deleted, name="deleted"),
    path("upload/", upload_views.upload, name="upload"),
    path("uploads/", tus.tus_uploads, name="tus_uploads"),
    path("uploads/begin/", multipart_views.begin_upload, name="begin_upload"),
    path("uploads/<str:public_id>/", tus.tus_upload, name="tus_upload"),
    path(
        "uploads/<str:public_id>/parts/",
        multipart_views.upload_parts,
        name="upload_parts",
    ),
    path(
        "uploads/<str:public_id>/finish/",
        upload_views.finish_upload,
        name="finish_upload",
    ),
    path(
        "uploads/<str:public_id>/words/",
        upload_views.describe_upload,
        name="describe_upload",
    ),
    path(
        "uploads/<str:public_id>/cancel/",
        upload_views.cancel_upload,
        name="cancel_upload",
    ),
    path("<str:public_id>/", seller_views.studio, name="studio"),
    path("<str:public_id>/status/", seller_views.status, name="status"),
    path("<str:public_id>/addresses/", seller_views.addresses, name="addresses"),
    path("<str:public_id>/retry/", seller_views.retry, name="retry"),
    path("<str:public_id>/cancel/", seller_views.cancel, name="cancel"),
    path("<str:public_id>/submit/", seller_views.submit, name="submit"),
    path("<str:public_id>/unpublish/", seller_views.unpublish, name="unpublish"),
    path("<str:public_id>/trim/", trim_views.trim, name="trim"),
    path("<str:public_id>/replace/", upload_views.upload, name="replace"),
    path("<str:public_id>/keep/", version_views.keep_former, name="keep_former"),
    path("<str:public_id>/schedule/", schedule_views.schedule, name="schedule"),
    path("<str:public_id>/delete/", deletion_views.delete, name="delete"),
    path("<str:public_id>/restore/", deletion_views.restore, name="restore"),
    path("<str:public_id>/poster/", seller_views.poster, name="poster"),
    path("<str:public_id>/captions/", caption_views.captions, name="captions"),
    path(
        "<str:public_id>/captions/<str:language>/",
        caption_views.caption_track,
        name="caption_track",
    ),
    path(
        "<str:public_id>/captions/<str:language>/remove/",
        caption_views.remove_captions,
        name="remove_captions",
    ),
    path("<str:public_id>/figures/", figure_views.video_figures, name="video_figures"),
    path(
        "<str:public_id>/figures/csv/",
        figure_views.video_figures_csv,
        name="video_figures_csv",
    ),
    path("<str:public_id>/tags/", tagging_views.tagging, name="tagging"),
    path(
        "<str:public_id>/tags/products/",
        tagging_views.tagging_products,
        name="tagging_products",
    ),
]

urlpatterns = [
    path("", include("videos.feed.urls")),
    path("seller/videos/", include(seller_centre)),
]
