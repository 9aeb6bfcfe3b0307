"""Archives are walked through, compressed files opened, and each file in them split as suits it."""

from __future__ import annotations

import bz2
import gzip
import io
import lzma
import struct
import tarfile
import zipfile
from collections.abc import Callable

import pytest
import zstandard

from entourage.ingest.csv_rows import CsvParams
from entourage.ingest.opening import How, kind_of, pieces
from entourage.ingest.unpacking import Piece, SplitParams, Stream

PARAMS = SplitParams()
PLAIN = How()
MAPPED = How(is_mapped=True, csv=CsvParams(delimiter=";"))


def split(content: bytes, name: str = "posts", how: How = PLAIN, params: SplitParams = PARAMS) -> list[Piece]:
    return list(pieces(Stream.of(io.BytesIO(content)), name=name, size=len(content), how=how, params=params))


def found(content: bytes, name: str = "posts", how: How = PLAIN, params: SplitParams = PARAMS) -> list[object]:
    return [(p.member, p.position, p.reason_code or p.payload) for p in split(content, name, how, params)]


def tar(*members: tuple[str, bytes] | tarfile.TarInfo) -> bytes:
    held = io.BytesIO()
    with tarfile.open(fileobj=held, mode="w") as archive:
        for member in members:
            if isinstance(member, tarfile.TarInfo):
                archive.addfile(member)
            else:
                info = tarfile.TarInfo(member[0])
                info.size = len(member[1])
                archive.addfile(info, io.BytesIO(member[1]))
    return held.getvalue()


def zipped(*members: tuple[str, bytes]) -> bytes:
    held = io.BytesIO()
    with zipfile.ZipFile(held, "w", zipfile.ZIP_DEFLATED) as archive:
        for name, content in members:
            archive.writestr(name, content)
    return held.getvalue()


def link(name: str, kind: bytes) -> tarfile.TarInfo:
    info = tarfile.TarInfo(name)
    info.type, info.linkname = kind, "/etc/passwd"
    return info


@pytest.mark.parametrize("compress", [bytes, gzip.compress, bz2.compress, lzma.compress, zstandard.compress])
def test_a_tar_of_hourly_files_is_read_file_by_file(compress: Callable[[bytes], bytes]) -> None:
    content = compress(
        tar(
            link("2026/06", tarfile.DIRTYPE),
            ("2026/06/01/00.json.bz2", bz2.compress(b'{"a":1}\n{"a":2}\n')),
            link("2026/06/01/again.json", tarfile.SYMTYPE),
            ("2026/06/01/.part", b"hidden"),
            ("./2026/06/01/01.json", b'\n{"a":3}'),
        )
    )

    assert found(content) == [
        ("2026/06/01/00.json.bz2", 1, '{"a":1}'),
        ("2026/06/01/00.json.bz2", 2, '{"a":2}'),
        ("./2026/06/01/01.json", 2, '{"a":3}'),
    ]


def test_the_files_of_a_zip_are_read_by_their_suffixes() -> None:
    content = zipped(
        ("a/", b""), ("a/crm.csv", b"id;name\n1;Ada\n"), ("b.json", b'{"b":1}'), ("__MACOSX/._b.json", b"x")
    )

    assert found(content, "crm.zip", MAPPED) == [
        ("a/crm.csv", 2, '{"id": "1", "name": "Ada"}'),
        ("b.json", 1, '{"b":1}'),
    ]
    assert found(content, "posts.zip")[0] == ("a/crm.csv", 0, "no_mapping")


def test_an_empty_archive_has_no_payload() -> None:
    assert found(zipped()) == []
    assert found(tar(link("a", tarfile.DIRTYPE))) == []


def test_archives_in_archives_are_read_two_deep() -> None:
    inner = zipped(("c.json", b'{"c":1}'))
    twice = tar(("b.zip", inner), ("d.json", b'{"d":1}'))

    assert found(gzip.compress(twice)) == [("b.zip!/c.json", 1, '{"c":1}'), ("d.json", 1, '{"d":1}')]
    assert found(zipped(("a.tar", twice))) == [("a.tar!/b.zip", 0, "nested_archive"), ("a.tar!/d.json", 1, '{"d":1}')]


def test_names_that_lead_out_of_the_archive_are_refused_and_the_rest_is_read() -> None:
    names = ["../up.json", "/abs.json", "a/../../b.json", "C:\\x.json", "line\nfeed.json"]
    for pack in (tar, zipped):
        rows = found(pack(*((name, b'{"a":1}') for name in names), ("good.json", b'{"a":1}')))

        assert [row[2] for row in rows] == ["bad_member"] * 5 + ['{"a":1}']  # type: ignore[index]
        assert "\n" not in str(rows[4][0])  # type: ignore[index]


def test_an_archive_that_is_cut_short_gives_what_is_whole_and_says_so() -> None:
    lines = b"".join(b'{"a":%d}\n' % n for n in range(2000))
    content = tar(("a.json", b'{"a":1}'), ("b.json", lines))
    cut = found(content[:20_000])
    between = found(tar(("a.json", b'{"a":1}'))[:1024])
    packed = found(gzip.compress(content)[:-100])

    assert cut[0] == ("a.json", 1, '{"a":1}')
    assert len(cut) > 1000
    assert [row[::2] for row in cut[-2:]] == [("b.json", "truncated_file"), ("", "truncated_file")]  # type: ignore[index]
    assert between == [("a.json", 1, '{"a":1}'), ("", 0, "truncated_file")]
    assert packed[0] == ("a.json", 1, '{"a":1}')
    assert packed[-1] == ("", 0, "truncated_file")
    assert found(zipped(("a.json", lines))[:-50]) == [("", 0, "corrupt_file")]


def test_damage_inside_an_archive_costs_the_member_it_is_in() -> None:
    content = bytearray(
        zipped(("a.json", b'{"a":1}'), ("b.json", b'{"b":"%s"}' % (b"xyz" * 999)), ("c.json", b'{"c":1}'))
    )
    at = content.index(b"b.json") + 12
    content[at : at + 8] = b"\xff" * 8
    packed = tar(("a.json.gz", b"\x1f\x8b" + b"\xff" * 100), ("c.json", b'{"c":1}'))

    assert [row[::2] for row in found(bytes(content))] == [  # type: ignore[index]
        ("a.json", '{"a":1}'),
        ("b.json", "corrupt_file"),
        ("c.json", '{"c":1}'),
    ]
    assert found(packed) == [("a.json.gz", 0, "corrupt_file"), ("c.json", 1, '{"c":1}')]


def test_an_encrypted_member_is_refused_and_its_neighbor_is_read() -> None:
    content = bytearray(zipped(("a.json", b'{"a":1}'), ("b.json", b'{"b":1}')))
    for signature, offset in ((b"PK\x03\x04", 6), (b"PK\x01\x02", 8)):  # the flag stands in both headers
        at = content.index(signature) + offset
        content[at : at + 2] = struct.pack("<H", 1)

    assert found(bytes(content)) == [("a.json", 0, "encrypted"), ("b.json", 1, '{"b":1}')]


def test_a_bomb_stops_at_the_limit_however_it_is_packed() -> None:
    params = SplitParams(max_expansion=10)
    zeros = b'{"a":1}\n' * 1_000_000
    for content in (
        gzip.compress(gzip.compress(zeros)),
        zstandard.compress(zeros),
        zipped(*((f"{n}.json", zeros) for n in range(3))),
        tar(("a.json.gz", gzip.compress(zeros))),
        gzip.compress(tar(("a.json.xz", lzma.compress(zeros)))),
    ):
        rows = split(content, params=params)

        assert sum(len(row.payload) for row in rows) < 11 * max(len(content), 4096)
        assert {row.reason_code for row in rows} & {"expansion", "unknown_compression"}


def test_an_archive_of_too_many_files_stops_at_the_limit() -> None:
    content = tar(*((f"{n}.json", b'{"a":1}') for n in range(5)))

    assert [row[2] for row in found(content, params=SplitParams(max_members=3))] == ['{"a":1}'] * 3 + ["expansion"]  # type: ignore[index]


def test_a_zip_whose_directory_alone_would_fill_the_memory_is_refused_unread() -> None:
    content = zipped(*((f"{n}{'x' * 300}.json", b'{"a":1}') for n in range(5)))

    assert found(content, params=SplitParams(max_members=5)) == [("", 0, "expansion")]


def test_a_name_of_gigabytes_is_not_read_into_memory() -> None:
    info = tarfile.TarInfo("././@LongLink")
    info.type, info.size = tarfile.GNUTYPE_LONGNAME, 1 << 32

    assert found(info.tobuf(tarfile.GNU_FORMAT) + b"x" * 4096) == [("", 0, "corrupt_file")]


def test_frames_of_zstd_are_one_stream_and_may_look_back_2_gb() -> None:
    far = zstandard.ZstdCompressor(
        compression_params=zstandard.ZstdCompressionParameters(window_log=31, enable_ldm=True)
    ).compressobj()
    skipped = b"\x50\x2a\x4d\x18" + struct.pack("<I", 4) + b"note"
    content = skipped + zstandard.compress(b'{"a":1}\n{"a"') + far.compress(b':2}\n{"a":3}') + far.flush()

    assert found(content) == [("", 1, '{"a":1}'), ("", 2, '{"a":2}'), ("", 3, '{"a":3}')]
    assert found(content[:-3])[-1][2] == "truncated_file"  # type: ignore[index]


def test_of_an_archive_of_x_only_the_data_are_read_and_every_element_names_its_owner() -> None:
    content = zipped(
        ("Your archive.html", b"<html></html>"),
        ("assets/js/a.js", b"void 0"),
        ("data/manifest.js", b"window.__THAR_CONFIG = {}"),
        ("data/tweets.js", b'window.YTD.tweets.part0 = [ {"tweet" : {"id" : "1"}} ]'),
        ("data/tweets_media/1.jpg", b"\xff\xd8\x00\x01"),
        ("data/account.js", b'window.YTD.account.part0 = [ {"account" : {"accountId" : "7"}} ]'),
    )

    assert found(content) == [
        ("data/tweets.js", 1, '{"ytd": "tweets", "owner": "7", "item": {"tweet": {"id": "1"}}}'),
        ("data/account.js", 1, '{"ytd": "account", "owner": "7", "item": {"account": {"accountId": "7"}}}'),
    ]


@pytest.mark.parametrize(
    ("name", "of_posts", "of_a_mapping"),
    [
        ("a.CSV.gz", "csv", "csv"),
        ("a.csv.2026-06-01", "json", "csv"),
        ("a.txt", "json", "csv"),
        ("a.eml", "eml", "eml"),
        ("a.csv.json", "json", "csv"),
        ("a", "json", "json"),
    ],
)
def test_a_suffix_tells_tables_and_mails(name: str, of_posts: str, of_a_mapping: str) -> None:
    assert (kind_of(name, PLAIN), kind_of(name, MAPPED)) == (of_posts, of_a_mapping)
    assert kind_of(name, How(kind="json", is_mapped=True)) == "json"


def test_a_tar_of_the_oldest_kind_is_one_too() -> None:
    content = bytearray(tar(("a.json", b'{"a":1}')))
    content[257:265] = bytes(8)
    content[148:156] = b"%06o\x00 " % (sum(content[:148]) + 8 * 32 + sum(content[156:512]))

    assert found(bytes(content)) == [("a.json", 1, '{"a":1}')]


@pytest.mark.parametrize("compress", [bytes, gzip.compress, bz2.compress, lzma.compress, zstandard.compress])
def test_chunks_may_end_anywhere(compress: Callable[[bytes], bytes]) -> None:
    content = compress(tar(("a.json", b'{"a":1}\n{"a":2}'), ("b.json.gz", gzip.compress('{"b":"é"}'.encode()))))
    for size in (1, 3, 1000):
        stream = Stream(content[start : start + size] for start in range(0, len(content), size))
        rows = pieces(stream, name="a.tar", size=len(content), how=PLAIN, params=PARAMS)

        assert [row.payload for row in rows] == ['{"a":1}', '{"a":2}', '{"b":"é"}']


def test_an_archive_with_an_account_that_is_not_of_x_is_read_whole() -> None:
    content = zipped(("src/account.js", b"let account = 1"), ("posts.json", b'{"a":1}'))

    assert found(content) == [("src/account.js", 1, "let account = 1"), ("posts.json", 1, '{"a":1}')]
