"""Clock times typed in a zone, on ordinary days and on nights when clocks change."""

from __future__ import annotations

import datetime as dt
from zoneinfo import available_timezones

import pytest
from hypothesis import given
from hypothesis import strategies as st

from webapp import clock, templating
from webapp.errors import Refused
from webapp.events import local_times, rules

UTC = dt.UTC
PLACES = sorted(name for name in available_timezones() if clock.is_zone(name))


def at(text):
    return dt.datetime.fromisoformat(text)


def refused(local, zone, fold=None):
    with pytest.raises(Refused) as caught:
        local_times.to_moment(at(local), zone, fold, "starts_at")
    assert caught.value.code == "starts_at"
    return str(caught.value)


@pytest.mark.parametrize(
    ("local", "zone", "moment"),
    [
        ("2027-03-17T19:00", "Europe/London", "2027-03-17T19:00Z"),
        ("2027-07-17T19:00", "Europe/London", "2027-07-17T18:00Z"),
        ("2027-03-17T19:00", "Asia/Kathmandu", "2027-03-17T13:15Z"),
        ("2027-03-17T19:00", "UTC", "2027-03-17T19:00Z"),
        # The last minute before the gap, and the first after it.
        ("2027-03-28T01:59", "Europe/Berlin", "2027-03-28T00:59Z"),
        ("2027-03-28T03:00", "Europe/Berlin", "2027-03-28T01:00Z"),
        # Around the hour that comes twice nothing needs asking.
        ("2026-10-25T01:59", "Europe/Berlin", "2026-10-24T23:59Z"),
        ("2026-10-25T03:00", "Europe/Berlin", "2026-10-25T02:00Z"),
    ],
)
def test_a_clock_time_is_one_moment(context, local, zone, moment):
    assert local_times.to_moment(at(local), zone, None, "starts_at") == at(moment)


@pytest.mark.case("D75")
@pytest.mark.parametrize(
    ("local", "zone", "gap"),
    [
        ("2027-03-28T02:00", "Europe/Berlin", "from 02:00 straight to 03:00"),
        ("2027-03-28T02:59", "Europe/Berlin", "from 02:00 straight to 03:00"),
        # Half an hour on Lord Howe, a midnight in Santiago, a whole day in Apia.
        ("2027-10-03T02:15", "Australia/Lord_Howe", "from 02:00 straight to 02:30"),
        ("2027-09-05T00:30", "America/Santiago", "from 00:00 straight to 01:00"),
        ("2011-12-30T12:00", "Pacific/Apia", "from 00:00 straight to 00:00"),
    ],
)
def test_a_time_that_clocks_skip_is_named_with_its_gap(context, local, zone, gap):
    assert gap in refused(local, zone)
    # Saying which of two it is does not make it exist.
    assert gap in refused(local, zone, 1)


@pytest.mark.parametrize(
    ("local", "zone", "first", "second"),
    [
        ("2026-10-25T02:30", "Europe/Berlin", "2026-10-25T00:30Z", "2026-10-25T01:30Z"),
        ("2027-04-04T01:45", "Australia/Lord_Howe", "2027-04-03T14:45Z", "2027-04-03T15:15Z"),
    ],
)
def test_a_time_that_comes_twice_is_asked_for(context, local, zone, first, second):
    assert "comes twice on this day" in refused(local, zone)
    for fold, moment in enumerate((first, second)):
        assert local_times.to_moment(at(local), zone, fold, "x") == at(moment)
        assert local_times.to_local(at(moment), zone) == at(local)
        assert local_times.to_local(at(moment), zone).fold == fold


def test_the_two_are_told_apart_by_their_distance_from_utc(context):
    assert local_times.offsets(at("2026-10-25T02:30"), "Europe/Berlin") == (
        "UTC+02:00",
        "UTC+01:00",
    )
    assert local_times.offsets(at("2026-11-01T01:30"), "America/St_Johns") == (
        "UTC-02:30",
        "UTC-03:30",
    )
    assert local_times.offsets(at("2026-10-26T02:30"), "Europe/Berlin") == ("UTC+01:00",)
    assert local_times.offsets(at("2027-03-28T02:30"), "Europe/Berlin") == ()


@pytest.mark.parametrize("year", [1, 1969, 2201, 9999])
@pytest.mark.parametrize("zone", ["Asia/Tokyo", "America/Los_Angeles"])
def test_a_year_out_of_reach_is_a_sentence_and_no_fault(context, year, zone):
    local = at(f"{year:04}-01-01T00:30")
    with pytest.raises(Refused, match="check the year"):
        local_times.to_moment(local, zone, None, "starts_at")
    assert local_times.offsets(local, zone) == ()


moments = st.datetimes(at("1990-01-01"), at("2199-12-30"), timezones=st.just(UTC)).map(
    lambda moment: moment.replace(second=0, microsecond=0)
)


@given(moment=moments, zone=st.sampled_from(PLACES))
def test_there_and_back_again(migrated_app, moment, zone):
    """What the form shows of a moment is read as the same moment, in every zone and every year."""
    with migrated_app.app_context():
        local = local_times.to_local(moment, zone)
        found = local_times.to_moment(local.replace(fold=0), zone, local.fold, "starts_at")
        # Some zones were seconds away from a whole minute, long ago.
        assert found == moment.replace(second=0)


def test_every_zone_that_is_understood_has_a_name_for_people(context):
    """ "Factory" and "localtime" stand in the database of zones and are no place: nobody can be told
    what their time is."""
    for name in PLACES:
        assert templating.zone_name(name)
        assert rules.timezone(name) == name
    for name in ("Factory", "localtime", "posixrules", "", "Europe"):
        with pytest.raises(Refused):
            rules.timezone(name)


def test_only_places_are_suggested():
    names = local_times.zone_names()
    assert "Europe/London" in names
    assert "America/Argentina/Buenos_Aires" in names
    assert names[-1] == "UTC"
    assert not {"Etc/GMT+5", "EST", "US/Pacific", "GB"} & set(names)


@pytest.mark.parametrize(
    ("typed", "meant"),
    [
        ("berlin", "Europe/Berlin"),
        ("New York", "America/New_York"),
        ("europe/LONDON", "Europe/London"),
        ("Europe/Lisboa", "Europe/Lisbon"),
        ("utc", "UTC"),
    ],
)
def test_a_zone_typed_nearly_right_is_understood(context, typed, meant):
    with pytest.raises(Refused, match=f"did you mean {meant}\\?"):
        rules.timezone(typed)
