from __future__ import annotations

from pyspark.sql import Row, SparkSession
from pyspark.sql import functions as F

from entourage.identity import names
from entourage.identity.nicknames import FORMALS, forms_of
from entourage.rows import local_frame


def _pairs(spark: SparkSession, texts: list[str | None]) -> list[Row]:
    frame = local_frame(spark, [(text,) for text in texts], "text string").coalesce(1)
    return frame.select("text", names.clean_name(F.col("text")).alias("clean")).collect()


def test_a_name_loses_case_accents_titles_suffixes_and_junk(spark: SparkSession) -> None:
    expected = {
        "Éloïse": "eloise",
        "  JEAN-PIERRE ": "jean pierre",
        "Dr. Anne O'Neill": "anne o neill",
        "Mme Dupont": "dupont",
        "John Smith Jr.": "john smith",
        "Œuvrard": "oeuvrard",
        "Müller3": "muller",
        "TEST": None,
        "inconnu": None,
        "xxxx": None,
        "": None,
        "---": None,
        None: None,
        "M": "m",
    }
    assert {row.text: row.clean for row in _pairs(spark, list(expected))} == expected


def test_a_full_name_is_split_by_capitals_comma_or_last_word_with_its_particles(spark: SparkSession) -> None:
    expected = {
        "DUPONT Marie": ("Marie", "DUPONT"),
        "LE GALL Jean-Yves": ("Jean-Yves", "LE GALL"),
        "Dupont, Marie": ("Marie", "Dupont"),
        "Marie Dupont": ("Marie", "Dupont"),
        "Marie Anne Dupont": ("Marie Anne", "Dupont"),
        "Jean de La Tour": ("Jean", "de La Tour"),
        "Ludwig van Beethoven": ("Ludwig", "van Beethoven"),
        "Mr John Smith Jr.": ("John", "Smith"),
        "Cher": (None, "Cher"),
        "MARIE DUPONT": ("MARIE", "DUPONT"),
        "": (None, None),
        None: (None, None),
    }
    frame = local_frame(spark, [(text,) for text in expected], "text string").coalesce(1)
    rows = frame.select("text", names.split_full_name(F.col("text")).alias("name")).collect()
    assert {row.text: (row.name_["given"], row.name_["family"]) for row in _renamed(rows)} == expected


def _renamed(rows: list[Row]) -> list[Row]:
    return [Row(text=row["text"], name_=row["name"]) for row in rows]


def test_particles_are_left_out_unless_they_are_the_whole_name(spark: SparkSession) -> None:
    expected = {"de la tour": "tour", "o brien": "obrien", "van der berg": "berg", "le": "le", "du": "du", None: None}
    frame = local_frame(spark, [(text,) for text in expected], "text string").coalesce(1)
    rows = frame.select("text", names.without_particles(F.col("text")).alias("core")).collect()
    assert {row.text: row.core for row in rows} == expected


def test_names_that_sound_alike_get_one_key(spark: SparkSession) -> None:
    alike = [
        ("dupont", "dupond"),
        ("philippe", "filip"),
        ("katherine", "catherine"),
        ("smith", "smyth"),
        ("moreau", "morot"),
        ("mcdonald", "macdonald"),
        ("thibault", "thibaut"),
    ]
    frame = local_frame(spark, alike, "l string, r string").coalesce(1)
    rows = frame.select("l", names.sound(F.col("l")).alias("a"), names.sound(F.col("r")).alias("b")).collect()
    assert [row.l for row in rows if row.a != row.b] == []
    unlike = local_frame(spark, [("martin", "bernard"), ("anne", "eva")], "l string, r string").coalesce(1)
    assert unlike.where(names.sound(F.col("l")) == names.sound(F.col("r"))).count() == 0


def test_short_forms_lead_to_their_names_and_back_and_every_name_to_itself() -> None:
    assert "william" in FORMALS["bill"]
    assert FORMALS["alex"] == ["alexander", "alexandra", "alexandre"]
    assert {"robert", "bob", "rob"} <= set(forms_of(["robert"]))
    assert forms_of(["nobody"]) == []
    assert all(formal in FORMALS[formal] for formals in FORMALS.values() for formal in formals)
    assert all(form == form.lower() and form.isascii() for form in FORMALS)
