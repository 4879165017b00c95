"""Files named .mp4 that would have a reader open something else: generated, never kept.

`canary` is a clip of another seller on the same disk, `port` a listener on loopback.
"""

import io
import struct

from PIL import Image

MASTER = "#EXTM3U\n#EXT-X-STREAM-INF:BANDWIDTH=1,CODECS=avc1\n{}\n"


def media_playlist(*segments):
    lines = "".join(f"#EXTINF:1,\n{segment}\n" for segment in segments)
    return f"#EXTM3U\n#EXT-X-TARGETDURATION:1\n{lines}#EXT-X-ENDLIST\n"


def dash(address):
    return (
        '<?xml version="1.0"?><MPD xmlns="urn:mpeg:dash:schema:mpd:2011" type="static"'
        ' mediaPresentationDuration="PT1S"><Period><AdaptationSet mimeType="video/mp4">'
        f'<Representation id="1" bandwidth="1"><BaseURL>{address}</BaseURL>'
        "</Representation></AdaptationSet></Period></MPD>"
    )


def disguises(canary, port):
    web = f"http://127.0.0.1:{port}"
    svg = '<svg xmlns="http://www.w3.org/2000/svg"><image href="{}"/></svg>'
    sdp = "v=0\no=- 0 0 IN IP4 127.0.0.1\ns=x\nc=IN IP4 127.0.0.1\nt=0 0\n"
    texts = {
        "playlist": media_playlist(f"file://{canary}"),
        "playlist-web": media_playlist(f"{web}/a.ts"),
        "playlist-bare": media_playlist(canary),
        "playlist-concat": media_playlist(f"concat:{canary}|{canary}"),
        "playlist-key": "#EXTM3U\n#EXT-X-KEY:METHOD=AES-128,"
        f'URI="{web}/key"\n#EXTINF:1,\nfile://{canary}\n',
        "playlist-itself": media_playlist("film.mp4"),
        "playlist-long": media_playlist(*[canary] * 50_000),
        "master": MASTER.format(f"{web}/index.m3u8"),
        "master-file": MASTER.format(f"file://{canary}.m3u8"),
        "concat": f"ffconcat version 1.0\nfile '{canary}'\n",
        "concat-web": f"ffconcat version 1.0\nfile {web}/a.ts\n",
        "dash": dash(f"{web}/a.mp4"),
        "dash-file": dash(f"file://{canary}"),
        "sdp": f"{sdp}m=video {port} RTP/AVP 96\na=rtpmap:96 H264/90000\n",
        "svg": svg.format(f"file://{canary}"),
        "svg-web": svg.format(f"{web}/a.png"),
        "json": f'{{"url": "{web}/a.mp4"}}',
        "html": f'<html><img src="{web}/a.png"><script>alert(1)</script></html>',
        "text": "just text, not a video\n" * 100,
        "nested": f"subfile,,start,0,end,0,,:{canary}",
    }
    files = {name: text.encode() for name, text in texts.items()}
    return files | {
        "png": picture("PNG"),
        "jpeg": picture("JPEG"),
        "gif": picture("GIF"),
        "webp": picture("WEBP"),
        "aiff": b"FORM\0\0\0\x04AIFF",
        "ttf": b"\0\1\0\0" + bytes(256),
        "zip": b"PK\5\6" + bytes(18),
    }


def picture(kind):
    out = io.BytesIO()
    Image.new("RGB", (640, 360), "teal").save(out, kind)
    return out.getvalue()


def chunk(name, content):
    return name + struct.pack("<I", len(content)) + content + b"\0" * (len(content) % 2)


def avi_with_subtitles(subtitles):
    """An AVI of 20 pictures, and a track of text that avidec opens as a file."""
    jpeg = picture("JPEG")
    bitmap = struct.pack("<IiiHH4sIiiII", 40, 640, 360, 1, 24, b"MJPG", 0, 0, 0, 0, 0)
    header = struct.pack("<10I16x", 50_000, 0, 0, 16, 20, 0, 2, 0, 640, 360)
    movie = chunk(b"strh", _stream(b"vids", b"MJPG", 1, 20, 20))
    text = chunk(b"strh", _stream(b"txts", b"\0" * 4, 1, 1, 1))
    headers = chunk(
        b"LIST",
        b"hdrl"
        + chunk(b"avih", header)
        + chunk(b"LIST", b"strl" + movie + chunk(b"strf", bitmap))
        + chunk(b"LIST", b"strl" + text + chunk(b"strf", b"")),
    )
    named = "subtitles".encode("utf-16-le")
    gab2 = b"GAB2\0\2\0" + struct.pack("<I", len(named)) + named
    gab2 += struct.pack("<HI", 4, len(subtitles)) + subtitles
    frames = chunk(b"01tx", gab2) + chunk(b"00dc", jpeg) * 20
    body = b"AVI " + headers + chunk(b"LIST", b"movi" + frames)
    return chunk(b"RIFF", body)


def _stream(kind, handler, scale, rate, length):
    return struct.pack(
        "<4s4sIHHIIIIIIiI8x",
        kind, handler, 0, 0, 0, 0, scale, rate, 0, length, 0, -1, 0,
    )  # fmt: skip


def box(kind, content):
    return struct.pack(">I4s", len(content) + 8, kind) + content


PARENTS = {b"moov", b"trak", b"mdia", b"minf", b"dinf"}


def rebuilt(data, replace):
    """The boxes of an MP4, those named in `replace` made anew from their content."""
    out, at = b"", 0
    while at + 8 <= len(data):
        size, kind = struct.unpack_from(">I4s", data, at)
        content = data[at + 8 : at + size]
        if kind in replace:
            content = replace[kind](content)
        elif kind in PARENTS:
            content = rebuilt(content, replace)
        out += box(kind, content)
        at += size
    return out


def mov_with_reference(clip, other):
    """A clip whose samples are said to lie in another file (a Macintosh alias)."""
    path = str(other).encode()
    name = other.name.encode()[:63]
    alias = bytes(10) + bytes(28) + bytes(12)
    alias += bytes([len(name)]) + name.ljust(63, b"\0") + bytes(16)
    alias += struct.pack(">HH", 1, 1) + bytes(16)
    alias += struct.pack(">HH", 2, len(path)) + path + b"\0" * (len(path) % 2)
    alias += struct.pack(">HH", 0xFFFF, 0)
    entry = box(b"alis", bytes(4) + alias)
    return rebuilt(
        clip.read_bytes(), {b"dref": lambda _: bytes(4) + struct.pack(">I", 1) + entry}
    )
