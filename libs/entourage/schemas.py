"""Declare every table once: grain, key, columns, privacy, purpose, retention.

in: nothing ▶ out: `TABLES`, the data dictionary that tables, gates, catalogue and docs read.
A column line is ``name type | comment | flags``. Flags: ``direct``, ``quasi``, ``sensitive`` (privacy class, `none` when
absent), ``required`` (not NULL), ``ratio`` (in [0, 1]), ``>=0``, ``in a,b`` (allowed values), ``ref layer.table`` (its key).
"""

from __future__ import annotations

from dataclasses import dataclass
from functools import cache
from typing import Protocol

from pyspark.sql import DataFrame
from pyspark.sql.types import StructField, StructType, _parse_datatype_string

from entourage.errors import UsageError, nearest

NETWORKS = "x,bluesky,facebook,mastodon,reddit,instagram,youtube,linkedin,other"


@dataclass(frozen=True)
class Column:
    """One column: Spark DDL type, comment, privacy class and contract."""

    name: str
    type: str
    comment: str
    privacy: str = "none"
    required: bool = False
    minimum: float | None = None
    maximum: float | None = None
    allowed: tuple[str, ...] = ()
    references: str | None = None


@dataclass(frozen=True)
class Table:
    """One table: its grain, key and columns, and how it reaches a person."""

    name: str
    grain: str
    key: tuple[str, ...]
    columns: tuple[Column, ...]
    subject_key: str
    purpose: str
    retention_days: int
    partition_by: str | None = None
    change_data_feed: bool = False

    @property
    def layer(self) -> str:
        """Return bronze, silver, gold or ops."""
        return self.name.split(".")[0]

    @property
    def column_names(self) -> list[str]:
        """Return the columns' names in their declared order."""
        return [column.name for column in self.columns]

    @property
    def personal_columns(self) -> list[str]:
        """Return the columns that hold personal data of any class."""
        return [column.name for column in self.columns if column.privacy != "none"]


def _column(line: str) -> Column:
    head, comment, *rest = (part.strip() for part in line.split("|"))
    name, data_type = head.split(" ", 1)
    column: dict[str, object] = {
        "privacy": "none",
        "required": False,
        "minimum": None,
        "maximum": None,
        "allowed": (),
        "references": None,
    }
    for flag in (flag.strip() for part in rest for flag in part.split(";") if flag.strip()):
        if flag in {"direct", "quasi", "sensitive"}:
            column["privacy"] = flag
        elif flag == "required":
            column["required"] = True
        elif flag == "ratio":
            column["minimum"], column["maximum"] = 0.0, 1.0
        elif flag == ">=0":
            column["minimum"] = 0.0
        elif flag.startswith("in "):
            column["allowed"] = tuple(flag[3:].split(","))
        elif flag.startswith("ref "):
            column["references"] = flag[4:]
        else:
            raise UsageError(f"schemas: unknown flag '{flag}' in column line '{line}'")
    return Column(name, data_type.strip(), comment, **column)  # type: ignore[arg-type]


def _table(
    name: str,
    *,
    grain: str,
    key: str,
    columns: str,
    subject: str,
    purpose: str,
    retention: int,
    day: str | None = None,
    cdf: bool = False,
) -> Table:
    lines = [line.strip() for line in columns.strip().splitlines() if line.strip()]
    return Table(
        name=name,
        grain=grain,
        key=tuple(key.split()),
        columns=tuple(_column(line) for line in lines),
        subject_key=subject,
        purpose=purpose,
        retention_days=retention,
        partition_by=day,
        change_data_feed=cdf,
    )


_BRONZE = (
    _table(
        "bronze.files",
        grain="one version of one landing file that was seen",
        key="file_id",
        subject="none",
        purpose="lineage",
        retention=3650,
        columns="""
        file_id string | SHA-256 of source, path, size and modification time | required
        source string | ingest source: posts, or the name of a mapping | required
        path string | where the file lay | required
        format string | wire format found or given |
        size bigint | bytes | required;>=0
        modified_at timestamp | the file's own time | required
        payload_count bigint | lines or rows read | >=0
        state string | done when every item of it is in the tables | required;in done,refused
        reason string | why a file was refused, one sentence |
        """,
    ),
    _table(
        "bronze.events",
        grain="one distinct delivered payload",
        key="event_id",
        subject="payload",
        purpose="replay and audit",
        retention=400,
        day="received_date",
        columns="""
        event_id string | SHA-256 of format and payload | required
        source string | posts, or the name of a mapping | required
        format string | wire format | required
        file string | file in which it was first seen | required
        position bigint | line (from 1); of Parquet an increasing number | required;>=0
        payload string | the payload as delivered, UTF-8; empty once a post or account in it is deleted | required;direct
        object_ids array<string> | posts, acts and accounts in it; NULL of business records, and once it is empty | direct
        received_at timestamp | when this system first read it | required
        received_date date | UTC day of received_at | required
        """,
    ),
    _table(
        "bronze.quarantine",
        grain="one payload or item refused",
        key="quarantine_id",
        subject="payload",
        purpose="repair",
        retention=400,
        columns="""
        quarantine_id string | SHA-256 of source, digest of payload (path if empty), reason_code, digest of item | required
        source string | posts, or the name of a mapping | required
        format string | wire format, where known |
        file string | file in which it was first seen | required
        position bigint | line (from 1); 0 of a whole file; of Parquet an increasing number | required;>=0
        reason_code string | short stable code, such as bad_json | required
        reason string | one sentence for a person | required
        payload string | what was refused, cut to 65,536 characters; empty once a post or account in it is deleted | direct
        object_ids array<string> | posts, acts and accounts in it, where it could be read | direct
        payload_sha256 string | digest of the whole payload | required
        code_version string | version of Entourage that refused it | required
        received_at timestamp | when it was refused | required
        closed_at timestamp | when it was read again without this refusal, or its payload erased; NULL while open |
        """,
    ),
)

_SILVER_SOCIAL = (
    _table(
        "silver.accounts",
        grain="one account over one span of time",
        key="account_id valid_from",
        subject="account_id",
        purpose="identity, influence",
        retention=760,
        cdf=True,
        columns=f"""
        account_id string | network:native_id | required;direct
        valid_from timestamp | first time this state was observed | required
        valid_to timestamp | when the next state was observed; NULL while current |
        network string | where the account lives | required;in {NETWORKS}
        handle string | name used in mentions, without @ | direct
        display_name string | name shown | direct
        bio string | self-description | direct
        location string | place as written | quasi
        urls array<string> | links of the profile | quasi
        followers_count bigint | followers as the network counts them | >=0
        following_count bigint | accounts followed | >=0
        created_at timestamp | when the account was made |
        is_bot boolean | the network's own bot flag |
        counted_at timestamp | when the two counts were read |
        last_seen_at timestamp | last time this state was observed |
        carried array<string> | columns that this source does not state, kept from the span before |
        extra map<string,string> | fields without a column of their own | direct
        """,
    ),
    _table(
        "silver.posts",
        grain="one version of one post",
        key="post_id version",
        subject="account_id",
        purpose="insight, service",
        retention=760,
        day="created_date",
        cdf=True,
        columns=f"""
        post_id string | network:native_id (Mastodon: the uri; Bluesky: the at-URI) | required
        version bigint | 0 for the original, else epoch milliseconds of the edit | required;>=0
        is_current boolean | the newest version of the post | required
        deleted_at timestamp | when the author or network removed it; text is then NULL |
        network string | where it was posted | required;in {NETWORKS}
        account_id string | author | required;direct
        created_at timestamp | when it was posted (occurred_at) | required
        created_date date | UTC day of created_at | required
        received_at timestamp | when this system first read it | required
        text string | the text, HTML removed | direct
        declared_language string | language as the network says it |
        kind string | how it relates to others | required;in post,reply,share,quote
        in_reply_to_post_id string | the post answered |
        in_reply_to_account_id string | the author answered | direct
        shared_post_id string | the post shared or quoted |
        root_post_id string | first post of the conversation |
        mentions array<string> | account ids, or @handle where no id is given | direct
        hashtags array<string> | without #, lower case |
        urls array<string> | expanded links |
        media array<string> | kinds of media: photo, video, gif, link |
        place string | place as the network names it | quasi
        source_app string | application that posted |
        extra map<string,string> | fields without a column of their own | direct
        """,
    ),
    _table(
        "silver.metric_snapshots",
        grain="one counter of one object read at one time",
        key="object_id metric observed_at",
        subject="account_id",
        purpose="influence, KPIs",
        retention=400,
        day="observed_date",
        columns="""
        object_kind string | what is counted on | required;in post,account
        object_id string | post_id or account_id | required;direct
        account_id string | the account itself, or the post's author | direct
        observed_at timestamp | when the counter was read | required
        observed_date date | UTC day of observed_at | required
        metric string | likes, shares, replies, quotes, views, followers, following, posts, score | required
        value bigint | the count | required
        """,
    ),
    _table(
        "silver.edges",
        grain="one relation or act of an account toward an account, page or brand",
        key="edge_id",
        subject="src_account_id",
        purpose="influence",
        retention=760,
        cdf=True,
        columns=f"""
        edge_id string | the network's id of the act, or network:verb:src:dst:object | required;direct
        network string | where it happened | required;in {NETWORKS}
        src_account_id string | who acts (the follower) | required;direct
        dst_account_id string | toward whom (the followed) | direct
        verb string | kind of act | required;in follow,like,reply,mention,share,quote
        object_id string | post acted upon, where there is one |
        weight double | strength; 1 unless the source says otherwise | required;>=0
        occurred_at timestamp | when; NULL where the source does not say |
        ended_at timestamp | when it was undone |
        received_at timestamp | when this system first read it | required
        """,
    ),
    _table(
        "silver.tombstones",
        grain="one deletion, edit or withholding",
        key="network object_id kind occurred_at",
        subject="object_id",
        purpose="honoring deletions",
        retention=3650,
        columns=f"""
        network string | where it happened | required;in {NETWORKS}
        object_id string | post_id, account_id or edge_id | required;direct
        kind string | what happened | required;in delete,user_delete,withheld,scrub_geo,user_protect,edit,unfollow
        occurred_at timestamp | when it was decreed (epoch 0 where the source does not say) | required
        applied_at timestamp | when the tables followed |
        """,
    ),
)

_SILVER_RECORDS = (
    _table(
        "silver.source_records",
        grain="one person (or organization) as one system knows it",
        key="record_id",
        subject="record_id",
        purpose="identity",
        retention=1100,
        cdf=True,
        columns="""
        record_id string | system:native_id | required;direct
        system string | the source system | required
        given_name string | first name as the system has it | direct
        family_name string | last name as the system has it | direct
        full_name string | where the system has one field only | direct
        emails array<string> | e-mail addresses as given | direct
        phones array<string> | telephone numbers as given | direct
        address struct<line:string,postcode:string,city:string,region:string,country:string> | postal address | direct
        birth_date date | date of birth | quasi
        gender string | as the system has it | quasi
        login_ids array<string> | login or loyalty ids shared between systems | direct
        social_ids array<string> | account ids that the person proved (social login, form) | direct
        organization string | employer or company | quasi
        household_hint string | whatever the system says of the household | quasi
        language string | preferred language |
        updated_at timestamp | when the system last changed it |
        delivered_at timestamp | modification time of the file that this state came in |
        received_at timestamp | when this system read this state | required
        extra map<string,string> | fields without a column of their own | direct
        """,
    ),
    _table(
        "silver.consent_events",
        grain="one act on one identifier",
        key="consent_event_id",
        subject="identifier",
        purpose="lawful basis",
        retention=3650,
        columns="""
        consent_event_id string | digest of all that it says | required
        identifier_kind string | what the identifier is | required;in record,account,email,phone,device
        identifier string | record_id, account_id, address or number | required;direct
        purpose string | what for, such as account_linking, marketing | required
        channel string | where it was asked |
        action string | what the person did | required;in shown,granted,denied,withdrawn,objected
        basis string | legal basis | in consent,self_provided,contract,legitimate_interest,none
        evidence string | where the proof is |
        effective_at timestamp | from when it holds | required
        recorded_at timestamp | when it was recorded |
        received_at timestamp | when this system read it | required
        """,
    ),
)

_SILVER_UNDERSTOOD = (
    _table(
        "silver.post_signals",
        grain="one current post, understood",
        key="post_id",
        subject="post_id",
        purpose="insight, service",
        retention=760,
        columns="""
        post_id string | the post | required;ref silver.posts
        version bigint | version of the post that was read | required;>=0
        account_id string | its author | required;direct
        network string | where it was posted | required
        created_at timestamp | when it was posted | required
        language string | ISO 639-1, or und | required
        useful_probability double | calibrated probability that marketing can use it | required;ratio
        is_useful boolean | kept | required
        reasons array<struct<reason:string,evidence:string>> | why it was kept or dropped, with the words that say so | required;direct
        brands array<string> | brands named |
        model_version string | relevance model that scored it | required
        """,
    ),
    _table(
        "silver.match_pairs",
        grain="one scored pair of records",
        key="record_id_l record_id_r",
        subject="record_id_l",
        purpose="identity",
        retention=400,
        columns="""
        record_id_l string | the smaller record or account id | required;direct
        record_id_r string | the larger one | required;direct
        match_key string | blocking rule that first found the pair | required
        gammas map<string,int> | comparison level of each comparison; -1 NULL, 0 else | required
        match_weight double | log2 of the Bayes factor, prior included | required
        match_probability double | posterior probability of one person | required;ratio
        model_version string | model that scored it | required
        """,
    ),
    _table(
        "silver.clusters",
        grain="one record's cluster in the newest run (not stable: never leaves silver)",
        key="record_id",
        subject="record_id",
        purpose="identity",
        retention=400,
        columns="""
        record_id string | source record or account | required;direct
        cluster_id string | smallest record id of the cluster | required;direct
        """,
    ),
)

_GOLD = (
    _table(
        "gold.crosswalk",
        grain="one source record or account of one person over one span of time",
        key="source_id valid_from",
        subject="source_id",
        purpose="identity",
        retention=1100,
        cdf=True,
        columns="""
        source_id string | record_id or account_id | required;direct
        source_kind string | what source_id is | required;in record,account
        person_id string | our own, persistent | required
        how string | what made the link | required;in single,match,login,social_login,consented_match
        basis string | legal basis of the link | required;in consent,self_provided,contract
        match_probability double | of the strongest pair that holds it, NULL for a single | ratio
        valid_from timestamp | since when | required
        valid_to timestamp | until when; NULL while current |
        """,
    ),
    _table(
        "gold.id_redirects",
        grain="one retired person id",
        key="retired_person_id",
        subject="none",
        purpose="identity",
        retention=3650,
        columns="""
        retired_person_id string | id no longer used | required
        person_id string | id that took its place | required
        retired_at timestamp | when | required
        """,
    ),
    _table(
        "gold.persons",
        grain="one golden record",
        key="person_id",
        subject="person_id",
        purpose="customer view",
        retention=1100,
        cdf=True,
        columns="""
        person_id string | our own, persistent | required
        given_name string | survived first name | direct
        family_name string | survived last name | direct
        email string | survived e-mail address | direct
        phone string | survived telephone number, E.164 where it could be parsed | direct
        address_line string | survived street address | direct
        postcode string | survived postcode | quasi
        city string | survived city | quasi
        country string | survived country | quasi
        birth_date date | survived date of birth | quasi
        language string | survived preferred language |
        record_count bigint | source records behind it | required;>=0
        account_count bigint | social accounts behind it | required;>=0
        systems array<string> | systems behind it | required
        """,
    ),
    _table(
        "gold.person_values",
        grain="one cell of a golden record, with where it came from",
        key="person_id attribute",
        subject="person_id",
        purpose="customer view",
        retention=1100,
        columns="""
        person_id string | the person | required;ref gold.persons
        attribute string | column of gold.persons | required
        value string | the survived value | required;direct
        record_id string | record it came from | required;direct
        system string | system it came from | required
        trust double | configured trust in that system | ratio
        rule string | survivorship rule that chose it | required
        """,
    ),
    _table(
        "gold.merge_log",
        grain="one creation, merge or split of persons",
        key="event_id",
        subject="none",
        purpose="audit",
        retention=3650,
        columns="""
        event_id string | digest of what it says | required
        kind string | what happened | required;in create,merge,split,retire
        person_id string | the person that remains | required
        other_person_id string | the person merged into it or split from it |
        at timestamp | when | required
        """,
    ),
    _table(
        "gold.review_queue",
        grain="one doubtful pair for clerical review",
        key="record_id_l record_id_r",
        subject="record_id_l",
        purpose="identity",
        retention=400,
        columns="""
        record_id_l string | the smaller record id | required;direct
        record_id_r string | the larger one | required;direct
        match_probability double | posterior probability of one person | required;ratio
        reason string | why a person should look | required
        """,
    ),
    _table(
        "gold.influence",
        grain="one entity, network, topic and as_of",
        key="entity_kind entity_id network topic as_of",
        subject="entity_id",
        purpose="influence",
        retention=400,
        columns="""
        entity_kind string | what is ranked | required;in account,person
        entity_id string | account_id or person_id | required;direct
        network string | one network, or all | required
        topic string | one topic, or all | required
        as_of date | the day it holds for | required
        pagerank double | share of all rank of its kind and network; sums to 1 | required;ratio
        score double | 0 to 100: percentile of pagerank in its kind and network | required;>=0
        reach_1 bigint | distinct followers | required;>=0
        reach_2 bigint | distinct followers of followers, itself and its followers left out | required;>=0
        rank bigint | 1 is the most influential | required;>=0
        """,
    ),
)

_OPS = (
    _table(
        "ops.runs",
        grain="one run of one job",
        key="run_id job",
        subject="none",
        purpose="operations",
        retention=760,
        columns="""
        run_id string | one command | required
        job string | its job | required
        as_of date | the day it ran for | required
        started_at timestamp | clock at the start | required
        finished_at timestamp | clock at the end | required
        seconds double | how long it took | required;>=0
        is_complete boolean | every table of the job is written | required
        code_version string | version of Entourage | required
        detail string | JSON: what the job wants to say |
        """,
    ),
    _table(
        "ops.run_counts",
        grain="one source and table of one run",
        key="run_id job source table_name",
        subject="none",
        purpose="conservation",
        retention=760,
        columns="""
        run_id string | one command | required
        job string | its job | required
        source string | input counted | required
        table_name string | table written | required
        item_count bigint | items that came in | required;>=0
        written_count bigint | items that made or changed a row | required;>=0
        duplicate_count bigint | items already there or twice in the input | required;>=0
        quarantined_count bigint | items refused | required;>=0
        suppressed_count bigint | items of suppressed identifiers | required;>=0
        """,
    ),
    _table(
        "ops.quality_results",
        grain="one check of one table in one job of a run",
        key="run_id job table_name check",
        subject="none",
        purpose="quality",
        retention=760,
        columns="""
        run_id string | one command | required
        job string | job in it | required
        table_name string | table checked | required
        check string | what was checked | required
        is_passed boolean | whether it held | required
        failed_count bigint | rows that broke it | required;>=0
        row_count bigint | rows checked | required;>=0
        checked_at timestamp | when | required
        """,
    ),
    _table(
        "ops.suppressions",
        grain="one suppressed identifier",
        key="identifier_kind identifier_hash",
        subject="none",
        purpose="erasure",
        retention=36500,
        columns="""
        identifier_kind string | what was suppressed | required;in record,account,email,phone
        identifier_hash string | keyed hash of the identifier | required
        suppressed_at timestamp | since when | required
        reason string | why, in a word of the one who did it; never the identifier |
        """,
    ),
)

TABLES: dict[str, Table] = {
    table.name: table for table in (*_BRONZE, *_SILVER_SOCIAL, *_SILVER_RECORDS, *_SILVER_UNDERSTOOD, *_GOLD, *_OPS)
}


def table(name: str) -> Table:
    """Return a declared table, or raise UsageError naming the nearest one."""
    if name not in TABLES:
        raise UsageError(f"table '{name}' is not declared{nearest(name, TABLES)} (see: entourage tables)")
    return TABLES[name]


@cache
def spark_schema(name: str) -> StructType:
    """Return a declared table's Spark schema (needs a running session)."""
    fields = []
    for column in table(name).columns:
        comment = f"{column.comment} [{column.privacy}]"
        fields.append(StructField(column.name, _parse_datatype_string(column.type), True, {"comment": comment}))
    return StructType(fields)


class Workspace(Protocol):
    """Scratch tables of one job: how a solver breaks a long lineage, visibly."""

    def keep(self, name: str, frame: DataFrame) -> DataFrame:
        """Write a frame to a scratch table of that name (replacing it) and return it read back."""
        ...
