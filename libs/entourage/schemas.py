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
    """One table: its grain, key and columns, how it reaches a person, and when its rows go.

    `clock` says how old a row is, as SQL over its columns: the day of its partition, or else occurred_at or received_at,
    unless the table names another. A row goes `retention_days` after it; one whose clock is NULL stays. A table without
    a clock says in `undated` why.
    """

    name: str
    grain: str
    key: tuple[str, ...]
    columns: tuple[Column, ...]
    subject_key: str
    purpose: str
    retention_days: int
    partition_by: str | None = None
    change_data_feed: bool = False
    clock: str = ""
    undated: str = ""

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
    clock: str = "",
    undated: str = "",
) -> Table:
    lines = [line.strip() for line in columns.strip().splitlines() if line.strip()]
    declared = tuple(_column(line) for line in lines)
    clocks = [name for name in ("occurred_at", "received_at") if any(column.name == name for column in declared)]
    return Table(
        name=name,
        grain=grain,
        key=tuple(key.split()),
        columns=declared,
        subject_key=subject,
        purpose=purpose,
        retention_days=retention,
        partition_by=day,
        change_data_feed=cdf,
        clock="" if undated else clock or day or next(iter(clocks), ""),
        undated=undated,
    )


_REBUILT = "each run of its job writes it anew, from rows that go by theirs"


_BRONZE = (
    _table(
        "bronze.files",
        grain="one version of one landing file, or range of offsets of Kafka, that was seen",
        key="file_id",
        subject="none",
        purpose="lineage",
        retention=3650,
        undated="a file whose row is gone would be read again",
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
        position bigint | line, entry, message or element (from 1); of Kafka the offset; of Parquet an increasing number | required;>=0
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
        position bigint | as in bronze.events; 0 of a whole file | required;>=0
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
        clock="last_seen_at",
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
        clock="if(verb = 'follow', ended_at, coalesce(occurred_at, received_at))",  # who follows still does
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
        clock="applied_at",
        columns=f"""
        network string | where it happened | required;in {NETWORKS}
        object_id string | post_id, account_id or edge_id | required;direct
        kind string | what happened | required;in delete,user_delete,withheld,scrub_geo,user_protect,edit,unfollow,drop,undrop,user_undelete,user_unprotect,user_suspend,user_unsuspend
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
        clock="if(action IN ('shown', 'granted'), effective_at, NULL)",  # a no is never forgotten
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

# What stands at the end of each table of business records: whose state or event it is, our clocks, and what is left.
_AS_STATE = """
        updated_at timestamp | when the system last changed or exported it |
        delivered_at timestamp | modification time of the file that this state came in |
        received_at timestamp | when this system read this state | required
        system string | the source system | required
        extra map<string,string> | fields without a column of their own | direct
"""
_AS_EVENT = """
        recorded_at timestamp | when the system recorded or exported it |
        received_at timestamp | when this system read it | required
        system string | the source system | required
        extra map<string,string> | fields without a column of their own | direct
"""
_AS_EVENT_OF_DAY = f"""
        occurred_date date | UTC day of occurred_at | required
        {_AS_EVENT}
"""
_IMPERSONAL_STATE, _IMPERSONAL_EVENT = (lines.replace("| direct", "|") for lines in (_AS_STATE, _AS_EVENT))

# Tables of business records. Those with `updated_at` keep the newest state of a key, the others each key's first row.
_BUSINESS = (
    _table(
        "silver.orders",
        grain="one order as its newest version says",
        key="order_id",
        subject="record_id",
        purpose="customer view, KPIs",
        retention=3650,
        day="occurred_date",
        cdf=True,
        columns=f"""
        order_id string | number of the order or receipt | required
        version bigint | of several versions of an order the highest counts | >=0
        status string | as the system has it, such as paid, corrected, cancelled |
        channel string | where it was ordered: web, app, phone, shop |
        record_id string | the buyer's record in another system, such as crm:17 | direct
        email string | e-mail address given with the order | direct
        phone string | telephone number given with the order | direct
        full_name string | name given with the order | direct
        ship_to string | where to, as written | quasi
        loyalty_id string | number of the loyalty card shown | direct
        device_id string | device that ordered | direct
        shop_id string | shop that sold |
        department string | department that sold, where the system says it |
        total decimal(18,2) | what was to be paid |
        currency string | ISO 4217 |
        promotion string | campaign whose discount was given |
        referral_code string | code of a friend that was used | quasi
        occurred_at timestamp | when it was ordered | required
        occurred_date date | UTC day of occurred_at | required
        {_AS_STATE}
        """,
    ),
    _table(
        "silver.order_lines",
        grain="one line of one version of an order",
        key="order_id version line",
        subject="order_id",
        purpose="customer view, KPIs",
        retention=3650,
        day="occurred_date",
        cdf=True,
        columns=f"""
        order_id string | the order | required
        version bigint | version of the order that has this line | required;>=0
        line bigint | number of the line, from 1 | required;>=0
        gtin string | article, by its GTIN |
        article string | article, by its code in the department or shop |
        quantity decimal(18,3) | pieces, or the article's own unit |
        unit_price decimal(18,2) | price of one |
        amount decimal(18,2) | price of the line |
        currency string | ISO 4217 |
        promotion string | campaign whose discount was given |
        occurred_at timestamp | when it was ordered | required
        {_AS_EVENT_OF_DAY}
        """,
    ),
    _table(
        "silver.returns",
        grain="one return of goods",
        key="return_id",
        subject="order_id",
        purpose="customer view, KPIs",
        retention=3650,
        cdf=True,
        columns=f"""
        return_id string | number of the return | required
        order_id string | order that the goods are of |
        gtin string | article |
        quantity decimal(18,3) | pieces |
        return_reason string | as the customer or clerk gave it |
        refund decimal(18,2) | what was paid back |
        currency string | ISO 4217 |
        occurred_at timestamp | when they came back | required
        {_AS_EVENT}
        """,
    ),
    _table(
        "silver.invoices",
        grain="one invoice in its newest state",
        key="invoice_id",
        subject="record_id",
        purpose="customer view, KPIs",
        retention=3650,
        cdf=True,
        columns=f"""
        invoice_id string | number of the invoice | required
        record_id string | who is to pay: a record such as billing:17 | direct
        order_id string | order that it is for |
        amount decimal(18,2) | to be paid |
        currency string | ISO 4217 |
        status string | as the system has it, such as issued, credited |
        due_date date | until when to be paid |
        occurred_at timestamp | when it was issued | required
        {_AS_STATE}
        """,
    ),
    _table(
        "silver.payments",
        grain="one booking of money",
        key="payment_id",
        subject="invoice_id",
        purpose="customer view, KPIs",
        retention=3650,
        cdf=True,
        columns=f"""
        payment_id string | number of the booking | required
        invoice_id string | invoice that it is for |
        amount decimal(18,2) | paid; below zero: paid back | required
        currency string | ISO 4217 |
        method string | card, transfer, direct debit, ... |
        status string | booked or failed, as the system has it |
        occurred_at timestamp | when it was booked; midnight UTC where only the day is known | required
        {_AS_EVENT}
        """,
    ),
    _table(
        "silver.subscriptions",
        grain="one event of one subscription",
        key="subscription_event_id",
        subject="record_id",
        purpose="customer view, KPIs",
        retention=3650,
        cdf=True,
        columns=f"""
        subscription_event_id string | number of the event | required
        subscription_id string | the subscription | required
        record_id string | who pays: a record such as billing:17 | direct
        kind string | created, renewed, paused, canceled, ... | required
        plan_id string | what is subscribed to |
        amount decimal(18,2) | price of a period |
        currency string | ISO 4217 |
        occurred_at timestamp | when | required
        {_AS_EVENT}
        """,
    ),
    _table(
        "silver.tickets",
        grain="one ticket of the service desk in its newest state",
        key="ticket_id",
        subject="record_id",
        purpose="service",
        retention=1100,
        cdf=True,
        columns=f"""
        ticket_id string | number of the ticket | required
        status string | new, open, solved, closed, reopened, ... |
        record_id string | who asks: a record such as service:17 | direct
        email string | address of who asks | direct
        full_name string | name of who asks | direct
        channel string | e-mail, form, chat, ... |
        order_id string | order that it is about |
        category string | as the desk sorted it |
        satisfaction bigint | as the customer rated it, in the system's points | >=0
        occurred_at timestamp | when it was opened | required
        {_AS_STATE}
        """,
    ),
    _table(
        "silver.ticket_messages",
        grain="one message of a ticket",
        key="ticket_id message",
        subject="ticket_id",
        purpose="service",
        retention=1100,
        cdf=True,
        columns=f"""
        ticket_id string | the ticket | required
        message bigint | number of the message in its ticket, from 1 | required;>=0
        author string | customer or agent, as the system has it |
        text string | what is written | direct
        occurred_at timestamp | when it was written | required
        {_AS_EVENT}
        """,
    ),
    _table(
        "silver.calls",
        grain="one call of the call center",
        key="call_id",
        subject="phone",
        purpose="service",
        retention=1100,
        cdf=True,
        columns=f"""
        call_id string | number of the call | required
        phone string | number that called; NULL where it is withheld | direct
        record_id string | who called, where the center knows | direct
        agent string | who answered | quasi
        wait_seconds bigint | s until answered | >=0
        talk_seconds bigint | s of talk | >=0
        outcome string | as the agent noted it |
        call_reason string | as the agent noted it |
        order_id string | order that it was about |
        transcript string | what was said | direct
        occurred_at timestamp | when it began | required
        {_AS_EVENT}
        """,
    ),
    _table(
        "silver.mails",
        grain="one e-mail received or sent",
        key="message_id",
        subject="sender",
        purpose="service",
        retention=1100,
        cdf=True,
        columns=f"""
        message_id string | the mail's own Message-ID | required;direct
        sender string | From | direct
        recipients array<string> | To | direct
        copied array<string> | Cc | direct
        subject string | Subject | direct
        text string | the text | direct
        in_reply_to string | Message-ID that it answers | direct
        thread array<string> | References: Message-IDs before it, the oldest first | direct
        attachments array<string> | what is attached | direct
        occurred_at timestamp | Date | required
        {_AS_EVENT}
        """,
    ),
    _table(
        "silver.registrations",
        grain="one registration of a product for its warranty",
        key="registration_id",
        subject="email",
        purpose="service",
        retention=3650,
        cdf=True,
        columns=f"""
        registration_id string | number of the registration | required
        serial_no string | serial number of the piece | quasi
        gtin string | article |
        record_id string | who registered, where the system knows | direct
        full_name string | owner as written | direct
        email string | owner's address | direct
        phone string | owner's number | direct
        country string | country |
        warranty_months bigint | length of the warranty | >=0
        occurred_at timestamp | when it was registered | required
        {_AS_EVENT}
        """,
    ),
    _table(
        "silver.web_visits",
        grain="one visit of the web shop by a device",
        key="visit_id",
        subject="device_id",
        purpose="customer view, KPIs",
        retention=400,
        day="occurred_date",
        cdf=True,
        columns=f"""
        visit_id string | the shop's id of the visit | required
        device_id string | device or cookie | direct
        record_id string | who is logged in: a record such as crm:17 | direct
        seconds bigint | s that it lasted | >=0
        pages bigint | pages seen | >=0
        path string | first page |
        referrer string | where the visitor came from |
        order_id string | order that it ended in |
        occurred_at timestamp | when it began | required
        {_AS_EVENT_OF_DAY}
        """,
    ),
    _table(
        "silver.email_events",
        grain="one event of one e-mail that was sent to a subscriber",
        key="email_event_id",
        subject="email",
        purpose="customer view, KPIs",
        retention=760,
        day="occurred_date",
        cdf=True,
        columns=f"""
        email_event_id string | number of the event | required
        kind string | processed, delivered, bounce, open, click, spamreport, unsubscribe, ... | required
        email string | address | direct
        record_id string | subscriber: a record such as newsletter:17 | direct
        message_id string | the e-mail |
        campaign_id string | campaign that it is of |
        variant string | variant of the campaign |
        is_machine boolean | opened or clicked by a machine |
        occurred_at timestamp | when | required
        {_AS_EVENT_OF_DAY}
        """,
    ),
    _table(
        "silver.campaigns",
        grain="one variant of a campaign",
        key="campaign_id variant",
        subject="none",
        purpose="KPIs",
        retention=3650,
        columns=f"""
        campaign_id string | the campaign | required
        variant string | the variant; one of them has at least one | required
        name string | name |
        channel string | e-mail, text, display, social, post, ... |
        departments array<string> | departments that it is for |
        start_date date | first day |
        end_date date | last day |
        variant_ratio double | share of the audience that gets this variant | ratio
        hold_out_ratio double | share of the audience that is left out, to compare with | ratio
        discount_ratio double | discount | ratio
        {_IMPERSONAL_STATE}
        """,
    ),
    _table(
        "silver.campaign_costs",
        grain="what one campaign cost on one day and channel",
        key="campaign_id cost_date channel",
        subject="none",
        purpose="KPIs",
        retention=3650,
        columns=f"""
        campaign_id string | the campaign | required
        cost_date date | the day | required
        channel string | the channel | required
        cost decimal(18,2) | what was spent | required
        currency string | ISO 4217 |
        {_IMPERSONAL_STATE}
        """,
    ),
    _table(
        "silver.exposures",
        grain="one person, device or address aimed at by a campaign",
        key="exposure_id",
        subject="identifier",
        purpose="KPIs",
        retention=760,
        cdf=True,
        columns=f"""
        exposure_id string | number of the exposure, or campaign and identifier | required;direct
        campaign_id string | the campaign | required
        variant string | variant shown |
        identifier_kind string | what the channel knows: record, email, email_sha256, device, ... | required
        identifier string | record_id, address, hash or device | required;direct
        is_held_out boolean | left out on purpose, to compare with |
        propensity double | probability of being chosen | ratio
        occurred_at timestamp | when it was sent or shown; NULL for those held out |
        {_AS_EVENT}
        """,
    ),
    _table(
        "silver.programs",
        grain="one program that customers take part in",
        key="program_id",
        subject="none",
        purpose="KPIs",
        retention=3650,
        columns=f"""
        program_id string | the program | required
        name string | name |
        departments array<string> | departments that it is for |
        start_date date | first day |
        end_date date | last day |
        discount_ratio double | discount | ratio
        reward decimal(18,2) | what who brings a friend gets |
        currency string | ISO 4217 |
        {_IMPERSONAL_STATE}
        """,
    ),
    _table(
        "silver.referral_codes",
        grain="one code that a customer may give to friends",
        key="referral_code",
        subject="record_id",
        purpose="influence, KPIs",
        retention=1100,
        columns=f"""
        referral_code string | the code | required;direct
        program_id string | its program |
        record_id string | whose it is: a record such as crm:17 | direct
        occurred_at timestamp | when it was issued |
        {_AS_EVENT}
        """,
    ),
    _table(
        "silver.program_guests",
        grain="one guest of a program",
        key="program_id guest",
        subject="guest",
        purpose="influence, KPIs",
        retention=1100,
        columns=f"""
        program_id string | the program | required
        guest string | number of the customer, or address where there is none | required;direct
        record_id string | a record such as crm:17 | direct
        email string | address | direct
        invited_date date | day of the invitation |
        {_AS_STATE}
        """,
    ),
    _table(
        "silver.survey_responses",
        grain="one person asked in one survey, and what he answered",
        key="response_id",
        subject="email",
        purpose="insight, KPIs",
        retention=1100,
        columns=f"""
        response_id string | number of the invitation, or survey and person | required;direct
        survey_id string | the survey or poll |
        kind string | rating or poll, as the mapping says |
        record_id string | who was asked: a record such as newsletter:17 | direct
        email string | address of who was asked | direct
        order_id string | order that it is about |
        question string | the question |
        score bigint | points given; NULL: no answer | >=0
        answer string | what was chosen or written | direct
        asked_at timestamp | when he was asked |
        answered_at timestamp | when he answered; NULL: no answer |
        {_AS_STATE}
        """,
    ),
    _table(
        "silver.contest_entries",
        grain="one entry of a contest",
        key="entry_id",
        subject="email",
        purpose="insight",
        retention=760,
        columns=f"""
        entry_id string | number of the entry | required
        contest_id string | the contest |
        given_name string | first name as written | direct
        email string | address as written | direct
        account_id string | social account as written, network:id | direct
        birth_year bigint | year of birth as written | quasi;>=0
        is_newsletter_ticked boolean | the box for the newsletter was ticked |
        occurred_at timestamp | when | required
        {_AS_EVENT}
        """,
    ),
    _table(
        "silver.loyalty_cards",
        grain="one loyalty card in its newest state",
        key="loyalty_id",
        subject="record_id",
        purpose="identity, customer view",
        retention=1100,
        cdf=True,
        columns=f"""
        loyalty_id string | number of the card | required;direct
        record_id string | whose it is: a record such as crm:17 | direct
        tier string | tier |
        points bigint | points on it |
        status string | as the system has it |
        issued_at timestamp | when it was issued |
        {_AS_STATE}
        """,
    ),
    _table(
        "silver.social_logins",
        grain="one login by a social account",
        key="login_id",
        subject="account_id",
        purpose="identity",
        retention=1100,
        cdf=True,
        columns=f"""
        login_id string | number of the login | required
        account_id string | network:native_id | required;direct
        record_id string | the record that the login made | direct
        email string | address that the network passed on | direct
        full_name string | name that the network passed on | direct
        scopes array<string> | what the person allowed |
        occurred_at timestamp | when it was granted | required
        {_AS_EVENT}
        """,
    ),
    _table(
        "silver.interests_declared",
        grain="one page or topic that an account liked or declared",
        key="account_id object_id",
        subject="account_id",
        purpose="insight",
        retention=760,
        cdf=True,
        columns=f"""
        account_id string | network:native_id | required;direct
        object_id string | page or topic, network:native_id | required
        name string | its name |
        category string | its category, as the network has it |
        occurred_at timestamp | when it was liked; NULL where the source does not say |
        {_AS_EVENT}
        """,
    ),
    _table(
        "silver.consent_requests",
        grain="one request about a person's own data",
        key="request_id",
        subject="email",
        purpose="lawful basis",
        retention=3650,
        cdf=True,
        columns=f"""
        request_id string | number of the request | required
        kind string | what is asked | required;in access,erasure,rectification,restriction,portability,objection
        email string | address of who asks | direct
        full_name string | name of who asks | direct
        record_id string | record that it is about, where it says | direct
        occurred_at timestamp | when it was asked | required
        {_AS_EVENT}
        """,
    ),
    _table(
        "silver.products",
        grain="one article in one size",
        key="product_id",
        subject="none",
        purpose="insight, KPIs",
        retention=3650,
        columns=f"""
        product_id string | GTIN, or another number that is unique | required
        department string | department that sells it |
        article string | its code in the department |
        category string | category |
        name string | name |
        names array<string> | its names in all languages |
        size_rank bigint | place among the sizes of the article | >=0
        price decimal(18,2) | list price |
        currency string | ISO 4217 |
        {_IMPERSONAL_STATE}
        """,
    ),
    _table(
        "silver.plans",
        grain="one plan to subscribe to",
        key="plan_id",
        subject="none",
        purpose="KPIs",
        retention=3650,
        columns=f"""
        plan_id string | the plan | required
        name string | name |
        department string | department that sells it |
        price decimal(18,2) | price of a period |
        currency string | ISO 4217 |
        {_IMPERSONAL_STATE}
        """,
    ),
    _table(
        "silver.shops",
        grain="one shop",
        key="shop_id",
        subject="none",
        purpose="KPIs",
        retention=3650,
        columns=f"""
        shop_id string | number or name of the shop | required
        name string | name |
        city string | city |
        country string | country |
        {_IMPERSONAL_STATE}
        """,
    ),
    _table(
        "silver.areas",
        grain="one small area, as a statistics office publishes it",
        key="area_id",
        subject="none",
        purpose="insight",
        retention=3650,
        columns=f"""
        area_id string | the area | required
        country string | country |
        population bigint | people | >=0
        median_income decimal(18,2) | of a household and year |
        currency string | ISO 4217 |
        aged_16_24_ratio double | share of people aged 16 to 24 | ratio
        aged_65_up_ratio double | share of people of 65 and more | ratio
        tenants_ratio double | share of households that rent | ratio
        density double | people a square kilometer | >=0
        {_IMPERSONAL_STATE}
        """,
    ),
    _table(
        "silver.brands",
        grain="one account of a brand",
        key="brand_id network",
        subject="none",
        purpose="insight, KPIs",
        retention=3650,
        columns=f"""
        brand_id string | the brand | required
        network string | network of the account | required;in {NETWORKS}
        name string | name of the brand |
        is_own boolean | a brand of the house; else a competitor's |
        handle string | handle of the account |
        opening_hours string | when it answers, as OpenStreetMap writes opening hours |
        time_zone string | zone of these hours |
        {_IMPERSONAL_STATE}
        """,
    ),
    _table(
        "silver.brand_readings",
        grain="one post of a brand, read at one time",
        key="post_id occurred_at",
        subject="none",
        purpose="KPIs",
        retention=1100,
        columns=f"""
        post_id string | network:native_id | required
        network string | where it was posted |
        account_id string | account of the brand |
        posted_at timestamp | when it was posted |
        post_format string | text, photo, video, link |
        is_paid boolean | advertised |
        likes bigint | likes so far | >=0
        comments bigint | comments so far | >=0
        shares bigint | shares so far | >=0
        impressions bigint | times shown so far | >=0
        clicks bigint | clicks so far | >=0
        spend decimal(18,2) | spent on it so far |
        currency string | ISO 4217 |
        occurred_at timestamp | when it was read | required
        {_IMPERSONAL_EVENT}
        """,
    ),
    _table(
        "silver.organizations",
        grain="one company or other organization",
        key="organization_id",
        subject="none",
        purpose="customer view",
        retention=1100,
        columns=f"""
        organization_id string | number in its system | required
        parent_id string | organization that owns it |
        registry_id string | number in a public register, such as SIREN |
        lei string | Legal Entity Identifier |
        legal_name string | registered name |
        trade_name string | name in use |
        country string | country |
        sector string | what it does |
        employees bigint | people employed | >=0
        {_IMPERSONAL_STATE}
        """,
    ),
    _table(
        "silver.organization_members",
        grain="one contact of an organization",
        key="contact_id",
        subject="email",
        purpose="customer view",
        retention=1100,
        columns=f"""
        contact_id string | number of the contact | required
        organization_id string | organization that he is a contact of |
        full_name string | name as the system has it | direct
        email string | address at work | direct
        phone string | number | direct
        title string | what he does there | quasi
        {_AS_STATE}
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
        clock="created_at",
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
        undated=_REBUILT,
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
        undated=_REBUILT,
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
        clock="valid_to",
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
        clock="retired_at",
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
        undated=_REBUILT,
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
        undated=_REBUILT,
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
        clock="at",
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
        undated=_REBUILT,
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
        clock="as_of",
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
        clock="finished_at",
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
        undated="its rows go with their run",
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
        clock="checked_at",
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
        clock="suppressed_at",
        columns="""
        identifier_kind string | what was suppressed | required;in record,account,email,phone
        identifier_hash string | keyed hash of the identifier | required
        suppressed_at timestamp | since when | required
        reason string | why, in a word of the one who did it; never the identifier |
        """,
    ),
)

TABLES: dict[str, Table] = {
    table.name: table
    for table in (*_BRONZE, *_SILVER_SOCIAL, *_SILVER_RECORDS, *_BUSINESS, *_SILVER_UNDERSTOOD, *_GOLD, *_OPS)
}
# Kinds of business records that mappings name, and the table of each.
RECORDS: dict[str, str] = {
    "persons": "silver.source_records",
    "consents": "silver.consent_events",
    **{table.name.removeprefix("silver."): table.name for table in _BUSINESS},
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
