"""Whether ffmpeg has written all: on a full disk it may end as if it had."""

from pathlib import Path

from videos.ffmpeg import FFmpegError


def require_whole(folder: Path) -> None:
    """Every playlist ended, every file that it names there, every MP4 box complete."""
    playlists = list(folder.rglob("*.m3u8"))
    if not playlists:
        raise FFmpegError(f"{folder} has no playlist")
    for playlist in playlists:
        lines = playlist.read_text().split()
        if "#EXT-X-ENDLIST" not in lines:
            raise FFmpegError(f"{playlist} has no end")
        for name in (line for line in lines if not line.startswith("#")):
            if not (playlist.parent / name).exists():
                raise FFmpegError(f"{playlist} names {name}, which is missing")
    for file in (*folder.rglob("*.m4s"), *folder.rglob("*.mp4")):
        require_whole_file(file)


def require_whole_file(file: Path) -> None:
    """The sizes that its outermost boxes state add up to its own."""
    if not _is_whole(file):
        raise FFmpegError(f"{file} is cut off")


def _is_whole(file: Path) -> bool:
    size, place = file.stat().st_size, 0
    with file.open("rb") as opened:
        while place < size:
            opened.seek(place)
            header = opened.read(16)
            length = int.from_bytes(header[:4])
            if length == 1:  # a long one: its size follows the name
                length = int.from_bytes(header[8:16])
            if length < 8:
                return False
            place += length
    return place == size > 0
