"""How PeerTube and MediaCMS make the same rungs, read from their code.

Their commands alone: what their servers add (hashing, chunks, queues) is left out,
and ffmpeg packs the HLS of MediaCMS, where it runs Bento4.
"""

from pathlib import Path

from videos.encoding import PLAYLIST, Plan

# Peaks in kbit/s for our rungs: 540 has what they give to 480.
PEERTUBE_KBPS = {360: 1000, 540: 1500, 720: 3000, 1080: 6200}
MEDIACMS_PEAKS_KBPS = {360: 750, 540: 1500, 720: 3750, 1080: 6750}
# Newer versions of ffmpeg refuse a JPEG of limited range unless told so.
LIMITED_JPEG = ["-strict", "unofficial"]


def peertube(plan: Plan, folder: Path) -> list[list[str]]:
    """The full size first; the lower rungs one after another from that result."""
    top = plan.rungs[-1]
    full = folder / "full.mp4"
    commands = [
        _thumbnail(plan.source, folder),
        ["-i", str(plan.source), *_peertube_video(top), "-c:a", "copy",
         "-movflags", "+faststart", str(full)],
        ["-i", str(full), "-c", "copy", *_hls(folder / top.name)],
    ]  # fmt: skip
    for rung in reversed(plan.rungs[:-1]):
        commands.append(
            ["-i", str(full), *_peertube_video(rung), "-c:a", "copy",
             *_hls(folder / rung.name)]
        )  # fmt: skip
    sheet = "fps=1,scale=192:-2,tile=10x10"
    return [*commands, ["-i", str(full), "-vf", sheet, "-frames:v", "1",
                        *LIMITED_JPEG, str(folder / "storyboard.jpg")]]  # fmt: skip


def _peertube_video(rung) -> list[str]:
    kbps = PEERTUBE_KBPS[rung.short_edge]
    return [
        "-vf", f"scale={rung.width}:{rung.height}", "-r", str(rung.frame_rate),
        "-c:v", "libx264", "-preset", "veryfast", "-pix_fmt", "yuv420p",
        "-maxrate", f"{kbps}k", "-bufsize", f"{2 * kbps}k",
        "-bf", "16", "-b_strategy", "1", "-g", str(rung.group_frames),
    ]  # fmt: skip


def mediacms(plan: Plan, folder: Path) -> list[list[str]]:
    """Each rung from the source, by the slower preset."""
    frames = ["-i", str(plan.source), "-vf", "fps=1/10,scale=160:-2", *LIMITED_JPEG,
              str(folder / "preview-%03d.jpg")]  # fmt: skip
    commands = [_thumbnail(plan.source, folder), frames]
    for rung in plan.rungs:
        kbps = MEDIACMS_PEAKS_KBPS[rung.short_edge]
        whole = folder / f"{rung.name}.mp4"
        commands.append([
            "-i", str(plan.source),
            "-vf", f"scale={rung.width}:{rung.height}:flags=lanczos",
            "-r", str(rung.frame_rate), "-c:v", "libx264", "-preset", "medium",
            "-profile:v", "main", "-pix_fmt", "yuv420p", "-crf", "23",
            "-maxrate", f"{kbps}k", "-bufsize", f"{2 * kbps}k",
            "-force_key_frames", "expr:gte(t,n_forced*4)",
            "-c:a", "aac", "-b:a", "128k", str(whole),
        ])  # fmt: skip
        commands.append(["-i", str(whole), "-c", "copy", *_hls(folder / rung.name)])
    return commands


def _thumbnail(source: Path, folder: Path) -> list[str]:
    shot = ["-frames:v", "1", *LIMITED_JPEG, str(folder / "thumbnail.jpg")]
    return ["-ss", "1", "-i", str(source), *shot]


def _hls(folder: Path) -> list[str]:
    return [
        "-f", "hls", "-hls_playlist_type", "vod", "-hls_time", "4",
        "-hls_segment_type", "fmp4", "-hls_fmp4_init_filename", "init.mp4",
        "-hls_segment_filename", str(folder / "segment-%03d.m4s"),
        str(folder / PLAYLIST),
    ]  # fmt: skip
