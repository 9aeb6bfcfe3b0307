"""Keep a stream and its checkpoint together, by a generation that both know.

in: a lake, a stream's name ▶ out: `Checkpoint`: a folder for Spark, and the id under which Delta takes writes once. An
edge: it writes `_streams/NAME/generation` in the lake, and deletes checkpoints that were given up.

Delta remembers, for each id, the last batch that it took. A checkpoint that is lost begins again with batch 0: under
the same id Delta would drop all that follows without a word. So each checkpoint has a random generation, which is part
of the id, and the lake says which generation it has; a checkpoint of another one is refused.
"""

from __future__ import annotations

import hashlib
import re
import uuid
from dataclasses import dataclass

from entourage.errors import UsageError
from entourage.session import FileSystem


@dataclass(frozen=True)
class Checkpoint:
    """Where a stream keeps how far it has come.

    Attributes:
        folder: Spark's checkpoint.
        generation: random; another one after each new beginning.
        is_begun: it holds a batch.
    """

    folder: str
    generation: str
    is_begun: bool


def stream_name(given: str) -> str:
    """Return the name of the stream that reads an input: the topic, or the folder's name and a digest of its path."""
    if given.startswith("kafka://"):
        return f"kafka-{given.rsplit('/', 1)[1]}"
    digest = hashlib.sha256(given.encode()).hexdigest()[:8]
    return f"{re.sub(r'[^A-Za-z0-9]+', '-', given.rsplit('/', 1)[-1]).strip('-') or 'files'}-{digest}"


def opened(files: FileSystem, lake: str, *, stream: str, folder: str, restart: bool) -> Checkpoint:
    """Find a stream's checkpoint, or begin one.

    Each step leaves what the next run can use: the lake names a generation only once its checkpoint is there.

    Args:
        files: the file systems of lake and checkpoint.
        lake: folder of the lake.
        stream: its name.
        folder: of the checkpoints of all streams; empty: in the lake.
        restart: begin a new one, whatever is there.

    Raises:
        UsageError: the lake knows the stream, but its checkpoint is not there.
    """
    named = f"{lake}/_streams/{stream}/generation"
    root = f"{folder.rstrip('/')}/{stream}" if folder else f"{lake}/_streams/{stream}/checkpoints"
    known = (files.read_text(named) or "").strip()
    if known and not restart:
        if files.read_text(f"{root}/{known}/generation") != known:
            raise UsageError(
                f"stream {stream}: its checkpoint {root}/{known} is not there, though the lake has read by it; found "
                f"{'another one' if files.exists(root) else 'no folder'}, expected the one that {named} names. Put it "
                "back (ingest.checkpoint says where it is sought), or begin anew with --restart: all that the input "
                "still has is read again, and what is in the tables already changes nothing"
            )
        return Checkpoint(f"{root}/{known}", known, bool(files.list_files(f"{root}/{known}/offsets")))
    generation = uuid.uuid4().hex
    files.write_text(f"{root}/{generation}/generation", generation, overwrite=True)
    files.write_text(named, generation, overwrite=True)
    if known:
        files.delete(f"{root}/{known}")
    return Checkpoint(f"{root}/{generation}", generation, False)
