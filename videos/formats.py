"""What an upload may be made of: all that the probe and the encoder ever open."""

DEMUXERS = "mov,mp4,m4a,3gp,3g2,mj2,matroska,webm,avi,mpegts,mpeg,ogg,flv"
VIDEO_CODECS = {
    "h264", "hevc", "av1", "vp8", "vp9", "mpeg4", "mpeg1video", "mpeg2video",
    "h263", "theora", "mjpeg", "prores",
}  # fmt: skip
AUDIO_CODECS = {
    "aac", "mp3", "opus", "vorbis", "ac3", "eac3", "flac", "alac", "amr_nb",
    "amr_wb", "pcm_s16le", "pcm_s16be", "pcm_s24le", "pcm_u8", "pcm_mulaw",
}  # fmt: skip
# Decoders go by other names than their codecs.
DECODERS = ",".join(
    sorted(VIDEO_CODECS | AUDIO_CODECS)
    + ["libdav1d", "mp3float", "libopus", "libvpx", "libvpx-vp9", "amrnb", "amrwb"]
)
MAX_STREAMS = "32"
# 8K: a larger picture costs gigabytes of memory before its first frame is seen.
MAX_PIXELS = 8192 * 4320
MAX_SIDE = 8192
