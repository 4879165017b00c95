"""How near a rendition is to its source: VMAF, by ffmpeg's libvmaf."""

import re
import subprocess
from pathlib import Path

import av
import imageio_ffmpeg

# Of so many frames one is judged, of long clips fewer; each number takes frames from
# everywhere in the groups of pictures, which begin better than they go on.
EVERY = (7, 11, 13, 17, 23, 31)
JUDGED = 75


def vmaf(rendition: Path, source: Path, size: tuple[int, int], rate) -> float:
    """Both at the source's size and the same constant rate, from time zero."""
    like = f"fps={rate}:start_time=0,scale={size[0]}:{size[1]}:flags=bicubic"
    with av.open(source) as opened:
        frames = opened.duration / av.time_base * rate
    every = next((n for n in EVERY if frames / n <= JUDGED), EVERY[-1])
    graph = (
        f"[0:v]setpts=PTS-STARTPTS,{like}[made];[1:v]setpts=PTS-STARTPTS,{like}[told];"
        f"[made][told]libvmaf=n_threads=2:n_subsample={every}:shortest=1"
    )
    report = subprocess.run(
        [imageio_ffmpeg.get_ffmpeg_exe(), "-nostdin", "-v", "info",
         "-an", "-i", str(rendition), "-an", "-i", str(source),
         "-filter_complex", graph, "-f", "null", "-"],
        check=True, capture_output=True, text=True,
    ).stderr  # fmt: skip
    return float(re.search(r"VMAF score: ([\d.]+)", report)[1])


def size_bytes(folder: Path) -> int:
    """Of the segments of one rung, without sound where the sound is apart."""
    return sum(path.stat().st_size for path in folder.glob("*.m4s"))
