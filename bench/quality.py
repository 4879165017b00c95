"""How near a rendition is to its source: VMAF, by ffmpeg's libvmaf."""

import re
import subprocess
from pathlib import Path

import av
import imageio_ffmpeg

from videos.encoding import UNSPECIFIED_MATRIX

# Of so many frames one is judged, of long clips fewer; each number takes frames from
# everywhere in the groups of pictures, which begin better than they go on.
EVERY = (7, 11, 13, 17, 23, 31)
JUDGED = 75


# Said of both, or ffmpeg takes the one that says nothing for BT.601, turns it into the
# other's colours and judges that too.
COLOURS = "setparams=color_primaries=bt709:color_trc=bt709:colorspace=bt709:range=tv"


def vmaf(rendition: Path, source: Path, size: tuple[int, int], rate) -> float:
    """Both at the source's size and the same constant rate, from time zero."""
    with av.open(source) as opened:
        frames = opened.duration / av.time_base * rate
    every = next((n for n in EVERY if frames / n <= JUDGED), EVERY[-1])
    graph = (
        f"[0:v]{_like(rendition, size, rate)}[made];"
        f"[1:v]{_like(source, size, rate)}[told];"
        f"[made][told]libvmaf=n_threads=2:n_subsample={every}:shortest=1"
    )
    report = subprocess.run(
        [imageio_ffmpeg.get_ffmpeg_exe(), "-nostdin", "-v", "info",
         "-an", "-i", str(rendition), "-an", "-i", str(source),
         "-filter_complex", graph, "-f", "null", "-"],
        check=True, capture_output=True, text=True,
    ).stderr  # fmt: skip
    return float(re.search(r"VMAF score: ([\d.]+)", report)[1])


def _like(path: Path, size: tuple[int, int], rate) -> str:
    """BT.709, which players take an HD picture for that says nothing."""
    with av.open(path) as opened:
        context = opened.streams.video[0].codec_context
        matrix = "bt709" if context.colorspace == UNSPECIFIED_MATRIX else "auto"
    return (
        f"setpts=PTS-STARTPTS,fps={rate}:start_time=0,scale={size[0]}:{size[1]}"
        f":flags=bicubic:in_color_matrix={matrix}:out_color_matrix=bt709"
        f":out_range=limited,format=yuv420p,{COLOURS}"
    )


def size_bytes(folder: Path) -> int:
    """Of the segments of one rung, without sound where the sound is apart."""
    return sum(path.stat().st_size for path in folder.glob("*.m4s"))
