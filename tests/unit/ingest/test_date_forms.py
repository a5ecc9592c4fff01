"""Dates as the web writes them: documents/dates.tsv has the expected time (- for none) before each."""

from __future__ import annotations

from datetime import UTC, datetime, timedelta
from pathlib import Path

import pytest
from hypothesis import given
from hypothesis import strategies as st

from reader.ingest.parse.dates import parse_date
from workers.batch.date import rfc3339

LINES = (Path(__file__).parent / "documents" / "dates.tsv").read_text("utf-8").splitlines()


@pytest.mark.parametrize("line", LINES, ids=ascii)
def test_written(line: str) -> None:
    expected, _, text = line.partition("\t")
    assert rfc3339(parse_date(text)) == (None if expected == "-" else expected)


MONTHS = {
    "de": "Januar Februar März April Mai Juni Juli August September Oktober November Dezember",
    "de short": "Jan Feb Mär Apr Mai Jun Jul Aug Sep Okt Nov Dez",
    "fr": "janvier février mars avril mai juin juillet août septembre octobre novembre décembre",
    "fr short": "janv. févr. mars avr. mai juin juil. août sept. oct. nov. déc.",
    "es": "enero febrero marzo abril mayo junio julio agosto septiembre octubre noviembre diciembre",
    "it": "gennaio febbraio marzo aprile maggio giugno luglio agosto settembre ottobre novembre dicembre",
    "it short": "gen feb mar apr mag giu lug ago set ott nov dic",
    "pt": "janeiro fevereiro março abril maio junho julho agosto setembro outubro novembro dezembro",
    "nl": "januari februari maart april mei juni juli augustus september oktober november december",
    "sv": "januari februari mars april maj juni juli augusti september oktober november december",
    "nb": "januar februar mars april mai juni juli august september oktober november desember",
    "da": "januar februar marts april maj juni juli august september oktober november december",
    "fi": "tammikuuta helmikuuta maaliskuuta huhtikuuta toukokuuta kesäkuuta heinäkuuta elokuuta syyskuuta lokakuuta "
    "marraskuuta joulukuuta",
    "pl": "stycznia lutego marca kwietnia maja czerwca lipca sierpnia września października listopada grudnia",
    "pl short": "sty lut mar kwi maj cze lip sie wrz paź lis gru",
    "cs": "ledna února března dubna května června července srpna září října listopadu prosince",
    "ru": "января февраля марта апреля мая июня июля августа сентября октября ноября декабря",
    "ru short": "янв фев мар апр май июн июл авг сен окт ноя дек",
    "uk": "січня лютого березня квітня травня червня липня серпня вересня жовтня листопада грудня",
    "el": "Ιανουαρίου Φεβρουαρίου Μαρτίου Απριλίου Μαΐου Ιουνίου Ιουλίου Αυγούστου Σεπτεμβρίου Οκτωβρίου Νοεμβρίου "
    "Δεκεμβρίου",
    "hu": "január február március április május június július augusztus szeptember október november december",
    "tr": "Ocak Şubat Mart Nisan Mayıs Haziran Temmuz Ağustos Eylül Ekim Kasım Aralık",
    "ro": "ianuarie februarie martie aprilie mai iunie iulie august septembrie octombrie noiembrie decembrie",
}


@pytest.mark.parametrize("language", MONTHS)
def test_months_of_languages(language: str) -> None:
    for number, name in enumerate(MONTHS[language].split(), 1):
        expected = datetime(2011, number, 7, 18, 30, tzinfo=UTC).timestamp()
        for text in (f"7 {name} 2011 18:30", f"7. {name.upper()} 2011, 18:30:00 +0000", f"2011 {name} 7 18:30 GMT"):
            assert parse_date(text) == expected, text


WHEN = st.datetimes(datetime(1950, 1, 1), datetime(2090, 1, 1)).map(lambda when: when.replace(microsecond=0))
FORMS = (
    "%a, %d %b %Y %H:%M:%S", "%A %d %B %Y %H:%M:%S", "%d %b %Y %H:%M:%S", "%b %d, %Y %I:%M:%S %p", "%Y-%m-%d %H:%M:%S",
    "%Y%m%dT%H%M%S", "%d.%m.%Y %H:%M:%S", "%m/%d/%Y %H:%M:%S", "%Y/%m/%d %H:%M:%S", "%a %b %d %H:%M:%S %Y",
    "%Y年%m月%d日 %H:%M:%S", "%Y-%jT%H:%M:%S", "%G-W%V-%uT%H:%M:%S", "%d-%b-%Y %H:%M:%S", "%H:%M:%S %d.%m.%Y",
)  # fmt: skip
ZONES = {"": 0, " GMT": 0, "Z": 0, " +0200": 2, "-05:00": -5, " GMT+3": 3, " UTC": 0, " EST": -5, " XQZ": 0, " UT": 0}


@given(WHEN, st.sampled_from(FORMS), st.sampled_from(sorted(ZONES)))
def test_any_time_in_any_form_and_zone(when: datetime, form: str, zone: str) -> None:
    ends_with_time = form.endswith("S")
    text = when.strftime(form) + (zone if ends_with_time else "")
    east = timedelta(hours=ZONES[zone] if ends_with_time else 0)
    assert parse_date(text) == (when.replace(tzinfo=UTC) - east).timestamp(), text
