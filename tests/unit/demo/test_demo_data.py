"""The demonstrations' data against their publishers' own loaders and counts."""

import csv
import io

import numpy as np
import pytest

from shared_files import shared_data
from summand.demo._heart import COLUMNS, FILES, heart_case
from summand.demo._lung import lung_case
from summand.errors import SourceUnreadable
from summand.tables import dictionary_from_table_schema


def as_numbers(cells, missing=("",)):
    """Cells as float64, NaN where missing."""
    return np.array([np.nan if cell in missing else float(cell) for cell in cells])


def test_demo_lung_equals_what_lifelines_loads():
    """Every value at every site is the one that lifelines loads for that institution; one row is left out."""
    from lifelines.datasets import load_lung

    frame, case = load_lung(), lung_case()
    assert len(case.sites) == 18
    assert case.row_count == 227
    assert len(frame) == 228
    for site in case.sites:
        expected = frame[frame["inst"] == int(site.party.rpartition("-")[2])].drop(columns="inst")
        assert list(site.rows[0]) == list(expected.columns)
        for name in expected.columns:
            cells = as_numbers([row[name] for row in site.rows])
            np.testing.assert_array_equal(cells, expected[name].to_numpy(dtype=float))


def test_demo_lung_says_what_it_leaves_out():
    """The row without a code and the number of small institutions are said, with the figures of the data."""
    case = lung_case()
    small = sum(len(site.rows) < 10 for site in case.sites)
    assert "1 of 228" in case.left_out[0]
    assert case.left_out[1].startswith(f"{small} of the 18")


def test_demo_every_institution_is_a_party_with_its_own_key():
    """18 parties, 18 keys, and a person who asks; the terms are those of published data with source and licence."""
    agreement = lung_case().agreement
    assert len({party.key for party in agreement.parties}) == 18
    assert [person.role for person in agreement.people] == ["analyst"]
    assert agreement.profile_name == "public_data"
    assert all("Loprinzi" in dataset.source and dataset.licence for dataset in agreement.datasets)
    assert agreement.work.amounts_are_samples
    assert [purpose.code for purpose in agreement.purpose.purposes] == ["53(1)(e)"]
    assert "54(b)" in agreement.prohibited_codes


def within_dictionary(case):
    """Every cell of every site is missing, or in the dictionary's range and levels."""
    dictionary = dictionary_from_table_schema(case.dictionary_name, dict(case.dictionary))
    for site in case.sites:
        rows = list(csv.DictReader(io.StringIO(site.to_csv().decode())))
        assert len(rows) == len(site.rows)
        for column in dictionary:
            values = as_numbers([row[column.name] for row in rows], ("", *column.missing_codes))
            present = values[~np.isnan(values)]
            low, high = column.range
            assert ((present >= low) & (present <= high)).all(), column.name
            if column.levels:
                assert set(present) <= {float(level) for level in column.levels}


def test_demo_lung_data_fit_the_dictionary():
    """What is dealt to the sites passes the dictionary that the agreement holds."""
    within_dictionary(lung_case())


def test_demo_heart_data_fit_the_dictionary_with_zero_cholesterol_missing():
    """The four files fit the dictionary, in which '?' and a cholesterol of 0 are missing: all of Switzerland's are."""
    case = heart_case(shared_data("heart"))
    within_dictionary(case)
    chol = next(field for field in case.dictionary["fields"] if field["name"] == "chol")
    swiss = case.site("zurich-basel")
    assert all(row["chol"] in chol["missingValues"] for row in swiss.rows)


def test_demo_heart_has_the_published_counts_and_complete_cases():
    """303, 294, 123 and 200 records; 303, 293, 117 and 141 complete for the model."""
    case = heart_case(shared_data("heart"))
    needed = ("num", "age", "sex", "cp", "trestbps", "thalach", "exang", "oldpeak")
    complete = [sum(all(row[name] != "?" for name in needed) for row in site.rows) for site in case.sites]
    assert [len(site.rows) for site in case.sites] == [303, 294, 123, 200]
    assert complete == [303, 293, 117, 141]
    assert tuple(case.sites[0].rows[0]) == COLUMNS


def test_demo_heart_agreement_names_site_level_and_places():
    """The agreement permits site-level results by name, and every hospital has coordinates for the map."""
    agreement = heart_case(shared_data("heart")).agreement
    assert "site_level" in agreement.data.release_levels
    assert all(party.coordinates is not None for party in agreement.parties)
    assert {party.country for party in agreement.parties} == {"US", "HU", "CH"}


@pytest.mark.parametrize("damage", ["missing", "changed"])
def test_demo_heart_refuses_a_folder_that_is_not_the_published_data(tmp_path, damage):
    """A missing or changed file is named, with what to do."""
    for name, _ in FILES.values():
        (tmp_path / name).write_bytes((shared_data("heart") / name).read_bytes())
    victim = tmp_path / "processed.va.data"
    victim.unlink() if damage == "missing" else victim.write_bytes(victim.read_bytes() + b"1")
    with pytest.raises(SourceUnreadable, match=r"processed\.va\.data") as refused:
        heart_case(tmp_path)
    assert refused.value.remedy
