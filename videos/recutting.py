"""Tags and captions of a video whose cut has moved, in the transaction of the swap."""

from dataclasses import astuple

from videos import captioning, captions, tagging
from videos.captions import Cue
from videos.cutting import Piece, Span, recut
from videos.models import ProductTag, TagHotspot, Video


def move_cut(video: Video, cuts: tuple[Span, Span]) -> None:
    """Shift what is shown, set aside what is cut away, bring back what is not."""
    away = video.cut_away
    tags = _recut_tags(video, [_piece(row) for row in away.get("tags", [])], cuts)
    cues = _recut_captions(video, away.get("cues", {}), cuts)
    video.cut_away = {"tags": tags, "cues": cues}
    video.save(update_fields=["cut_away"])


def _piece(row) -> Piece:
    starts_ms, ends_ms, what = row
    return Piece(starts_ms, ends_ms, tuple(what) if isinstance(what, list) else what)


def _recut_tags(video, away, cuts):
    shown = [
        Piece(tag.starts_ms, tag.ends_ms, (tag.product_id, tag.variant_id, *_spot(tag)))
        for tag in video.tags.select_related("hotspot")
    ]
    on_sale = set(tagging.taggable_products(video.seller).values_list("pk", flat=True))
    known = [piece for piece in away if piece.what[0] in on_sale]
    inside, outside = recut(shown, known, cuts, tagging.SHORTEST_MS)
    video.tags.all().delete()
    for piece in inside:
        product_id, variant_id, x_permille, y_permille = piece.what
        tag = ProductTag.objects.create(
            video=video,
            product_id=product_id,
            variant_id=variant_id,
            starts_ms=piece.starts_ms,
            ends_ms=piece.ends_ms,
        )
        if x_permille is not None:
            TagHotspot.objects.create(
                tag=tag, x_permille=x_permille, y_permille=y_permille
            )
    return [astuple(piece) for piece in outside]


def _spot(tag):
    if not hasattr(tag, "hotspot"):
        return None, None
    return tag.hotspot.x_permille, tag.hotspot.y_permille


def _recut_captions(video, away, cuts):
    saved = {
        track.language: captioning.cues_of(track) for track in video.captions.all()
    }
    left = {}
    for language in {*saved, *away}:
        shown = [Piece(*astuple(cue)) for cue in saved.get(language, [])]
        known = [_piece(row) for row in away.get(language, [])]
        inside, outside = recut(shown, known, cuts, captions.SHORTEST_MS)
        cues = sorted(
            (Cue(*astuple(piece)) for piece in inside), key=lambda cue: cue.starts_ms
        )
        captioning.save_track(video, language, cues)
        left[language] = [astuple(piece) for piece in outside]
    return left
