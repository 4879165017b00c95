from dataclasses import replace
from fractions import Fraction
from pathlib import Path

import pytest

from videos import encoding, ladder
from videos.ffmpeg import Probe

PORTRAIT = Probe(
    duration_ms=8000,
    width=720,
    height=1280,
    frame_rate=Fraction(60),
    video_index=0,
    video_codec="h264",
    audio_index=1,
    transfer="sdr",
    matrix=1,
    is_interlaced=False,
)


def rungs_of(probe):
    return ladder.rungs_for(probe.width, probe.height, probe.frame_rate)


def plan_for(probe, **fields):
    return encoding.Plan(
        source=Path("/in/-i odd; name"),
        target=Path("/out"),
        probe=probe,
        rungs=rungs_of(probe),
        threads=2,
        **fields,
    )


def command_for(probe):
    return encoding.transcode_command(plan_for(probe))


def graph_of(probe):
    return encoding.filter_graph(plan_for(probe))


def following(command, word):
    return command[command.index(word) + 1]


def test_one_input_one_graph_all_rungs():
    command = command_for(PORTRAIT)

    assert command.count("-i") == 1
    assert command.count("-filter_complex") == 1
    assert following(command, "-var_stream_map") == (
        "v:0,agroup:audio,name:360p v:1,agroup:audio,name:540p "
        "v:2,agroup:audio,name:720p a:0,agroup:audio,name:audio"
    )


def test_a_file_name_is_never_an_option_or_a_protocol():
    assert following(command_for(PORTRAIT), "-i") == "file:/in/-i odd; name"


def test_only_listed_formats_codecs_and_sizes_are_opened():
    command = command_for(PORTRAIT)
    before_input = command[: command.index("-i")]

    assert following(before_input, "-protocol_whitelist") == "file"
    assert "hls" not in following(before_input, "-format_whitelist")
    assert "magicyuv" not in following(before_input, "-codec_whitelist")
    assert following(before_input, "-max_pixels") == str(8192 * 4320)


def test_nothing_of_the_source_s_metadata_goes_on():
    command = command_for(PORTRAIT)

    assert following(command, "-map_metadata") == "-1"
    assert following(command, "-map_chapters") == "-1"
    assert "sidedata=delete" in graph_of(PORTRAIT)


def test_the_groups_of_a_rung_last_two_seconds():
    command = command_for(PORTRAIT)

    assert following(command, "-g:v:0") == "60"  # 30 frames a second
    assert following(command, "-g:v:2") == "120"  # 60 frames a second
    assert following(command, "-maxrate:v:2") == "4200k"


def test_each_picture_has_the_encoder_of_its_codec():
    extras = ladder.in_codecs(rungs_of(PORTRAIT), ["hevc"])
    command = encoding.transcode_command(plan_for(PORTRAIT, extras=extras))

    assert following(command, "-c:v:2") == "libx264"
    assert following(command, "-preset:v:0") == "veryfast"
    assert following(command, "-preset:v:2") == "superfast"
    assert following(command, "-c:v:3") == "libx265"
    assert following(command, "-tag:v:3") == "hvc1"
    assert "[v2][v5][down2][large]" in following(command, "-filter_complex")


def test_each_rung_is_scaled_from_the_one_above():
    top, middle, lowest, *_ = graph_of(PORTRAIT).split(";")

    assert top.startswith("[0:0]fps=60:start_time=0,scale=720:1280:")
    assert top.endswith(",split=3[v2][down2][large]")
    assert middle == "[down2]fps=30,scale=540:960:flags=lanczos,split=2[v1][down1]"
    assert lowest == "[down1]scale=360:640:flags=lanczos,split=3[v0][sheet][small]"


def test_a_single_rung_gives_the_stills_too():
    graph = graph_of(replace(PORTRAIT, width=360, height=640))

    assert ",split=4[v0][sheet][small][large];" in graph


def test_sdr_is_not_tone_mapped_and_hdr_is():
    assert "tonemap" not in graph_of(PORTRAIT)
    assert "tin=arib-std-b67" in graph_of(replace(PORTRAIT, transfer="hlg"))
    assert "tin=smpte2084" in graph_of(replace(PORTRAIT, transfer="pq"))


@pytest.mark.parametrize(
    ("width", "matrix", "expected"),
    [(720, 2, "bt709"), (480, 2, "bt601"), (720, 6, "smpte170m"), (720, 0, "auto")],
)
def test_an_untagged_picture_is_read_as_its_size_suggests(width, matrix, expected):
    probe = replace(PORTRAIT, width=width, matrix=matrix)

    assert f"in_color_matrix={expected}:" in graph_of(probe)


def test_interlaced_pictures_are_woven_apart():
    assert "bwdif" not in graph_of(PORTRAIT)
    assert "bwdif" in graph_of(replace(PORTRAIT, is_interlaced=True))


def test_a_silent_video_has_no_audio_group():
    command = command_for(replace(PORTRAIT, audio_index=None))

    assert "agroup" not in following(command, "-var_stream_map")
    assert "[a0]" not in command
    assert "aac" not in command


def test_the_stills_are_taken_from_within_the_clip():
    graph = graph_of(replace(PORTRAIT, duration_ms=300))

    assert "select=gte(t\\,(selected_n+0.5)*0.020000)" in graph
    assert "tile=1x1:nb_frames=1" in graph


def test_the_sound_gets_its_gain_and_a_limit_above_the_rate_of_its_samples():
    graph = encoding.filter_graph(plan_for(PORTRAIT, gain_db=4.5))

    assert "volume=4.50dB,aresample=192000,alimiter=limit=0.7943:" in graph


def test_loudness_is_measured_on_the_sound_alone():
    command = encoding.loudness_command(Path("/in"), PORTRAIT, None)

    assert following(command, "-map") == "0:1"
    assert "volume" not in following(command, "-af")
    # Without the limiter's fourfold rate, which would cost as much again.
    assert "volume=3.00dB,alimiter" in following(
        encoding.loudness_command(Path("/in"), PORTRAIT, 3), "-af"
    )


def test_the_progressive_file_is_copied_not_encoded():
    plan = plan_for(PORTRAIT)

    command = encoding.progressive_command(plan, plan.rungs[1])

    assert following(command, "-c") == "copy"
    assert "file:/out/540p/playlist.m3u8" in command
    assert "file:/out/audio/playlist.m3u8" in command
    assert following(command, "-movflags") == "+faststart"
