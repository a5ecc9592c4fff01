"""Names that dates are written with: months and weekdays of many languages, time zones, words between them.

All are folded: lower case, without accents (``fold``). CLDR is the source of the months, RFC 822 and common use of the
zones.
"""

from __future__ import annotations

import unicodedata
from functools import lru_cache

_MONTH_NAMES = (
    "january jan januar janner januari janvier janv enero ene gennaio gen janeiro ianuarie gener jaanuar sijecanj "
    "января январь янв січня січень янyари януари stycznia styczen ledna leden ιανουαριου ιανουαριος ιαν "
    "tammikuu tammikuuta ocak jan. sausio janvaris",
    "february feb februar februari fevrier fevr fev febrero febbraio fevereiro februarie februar. febrer veebruar "
    "февраля февраль фев лютого лютий февруари lutego luty unora unor φεβρουαριου φεβρουαριος φεβ helmikuu helmikuuta "
    "subat vasario",
    "march mar marz maerz mrz mars marzo marco maart mrt maret martie marc marts marca marzec brezna brezen marcius "
    "марта март мар березня березень μαρτιου μαρτιος μαρ maaliskuu maaliskuuta mart kovo",
    "april apr avril avr abril abr aprile aprilie апреля апрель апр квітня квітень април kwietnia kwiecien dubna duben "
    "aprilis απριλιου απριλιος απρ huhtikuu huhtikuuta nisan balandzio",
    "may mai mayo mag maggio maio mei maj maja maig мая май травня травень kvetna kveten majus μαιου μαιος μαι "
    "toukokuu toukokuuta mayis geguzes",
    "june jun juin junio giu giugno junho juni iunie juny июня июнь июн червня червень юни czerwca czerwiec cervna "
    "cerven junius ιουνιου ιουνιος ιουν kesakuu kesakuuta haziran birzelio",
    "july jul juil juillet julio lug luglio julho juli iulie juliol июля июль июл липня липень юли lipca lipiec "
    "cervence cervenec julius ιουλιου ιουλιος ιουλ heinakuu heinakuuta temmuz liepos",
    "august aug aout agosto ago augustus agost agustus augusti augusztus августа август авг серпня серпень sierpnia "
    "sierpien srpna srpen αυγουστου αυγουστος αυγ elokuu elokuuta agustos rugpjucio",
    "september sep sept septiembre septembre settembre setembro set setembre septembrie szeptember сентября сентябрь "
    "сен сент вересня вересень септември wrzesnia wrzesien zari σεπτεμβριου σεπτεμβριος σεπ syyskuu syyskuuta eylul "
    "rugsejo setiembre",
    "october oct okt oktober octubre octobre ottobre ott outubro out octombrie октября октябрь окт жовтня жовтень "
    "октомври pazdziernika pazdziernik rijna rijen οκτωβριου οκτωβριος οκτ lokakuu lokakuuta ekim spalio",
    "november nov noviembre novembre novembro noiembrie ноября ноябрь ноя нояб листопада листопад ноември listopada "
    "listopad listopadu νοεμβριου νοεμβριος νοε marraskuu marraskuuta kasim lapkricio",
    "december dec dez dezember dezembro diciembre dic dicembre decembre decembrie desember des desembre "
    "декабря декабрь дек грудня грудень декември grudnia grudzien prosince prosinec δεκεμβριου δεκεμβριος δεκ joulukuu "
    "joulukuuta aralik gruodzio",
)
_WEEKDAYS = (
    "monday tuesday wednesday thursday friday saturday sunday mon tue tues wed thu thur thurs fri sat sun "
    "montag dienstag mittwoch donnerstag freitag samstag sonnabend sonntag mo di mi do fr sa so die mit don fre sam "
    "son lundi mardi mercredi jeudi vendredi samedi dimanche lun mar mer jeu ven dim "
    "lunes martes miercoles jueves viernes sabado domingo mie jue vie sab dom "
    "lunedi martedi mercoledi giovedi venerdi sabato domenica gio "
    "segunda terca quarta quinta sexta feira seg ter qua qui sex "
    "maandag dinsdag woensdag donderdag vrijdag zaterdag zondag ma wo vr za zo "
    "понедельник вторник среда четверг пятница суббота воскресенье пн вт ср чт пт сб вс "
    "понеділок вівторок середа четвер пятниця субота неділя нд "
    "poniedzialek wtorek sroda czwartek piatek sobota niedziela pon wto sro czw pia sob nie pn wt sr cz pt nd "
    "pondeli utery streda ctvrtek patek nedele po ut st ct pa ne "
    "δευτερα τριτη τεταρτη πεμπτη παρασκευη σαββατο κυριακη κυρ δευ τρι τετ πεμ παρ σαβ "
    "hetfo kedd szerda csutortok pentek szombat vasarnap "
    "mandag tirsdag onsdag torsdag fredag lordag sondag tisdag tir ons tor lor "
    "maanantai tiistai keskiviikko torstai perjantai lauantai sunnuntai maanantaina ti ke to pe la su "
    "pazartesi sali carsamba persembe cuma cumartesi pazar paz pzt car per cum cmt"
)
_FILLERS = (
    "at um on of the de del do da le el den der a as o au klo kl uhr г года год р року рік hrs hours h och i w roku om "
    "en posted published updated date v dne year dated ore alle heures t"
)
# Hours east of UTC. Where a name has several meanings, the one of RFC 822 or the most common counts.
ZONES = {
    "ut": 0, "utc": 0, "gmt": 0, "z": 0, "wet": 0, "est": -5, "edt": -4, "cst": -6, "cdt": -5, "mst": -7, "mdt": -6,
    "pst": -8, "pdt": -7, "at": -4, "et": -5, "ct": -6, "mt": -7, "pt": -8, "ast": -4, "adt": -3, "akst": -9,
    "akdt": -8, "hst": -10, "nst": -3.5, "ndt": -2.5, "brt": -3, "art": -3, "clt": -4, "west": 1, "bst": 1, "cet": 1,
    "cest": 2, "mez": 1, "mesz": 2, "met": 1, "mest": 2, "eet": 2, "eest": 3, "sast": 2, "msk": 3, "msd": 4, "trt": 3,
    "gst": 4, "pkt": 5, "ist": 5.5, "npt": 5.75, "wib": 7, "ict": 7, "sgt": 8, "hkt": 8, "pht": 8, "awst": 8,
    "jst": 9, "kst": 9, "acst": 9.5, "acdt": 10.5, "aest": 10, "aedt": 11, "nzst": 12, "nzdt": 13,
}  # fmt: skip


def fold(word: str) -> str:
    """Lower case without accents: "Août" is "aout", "März" "marz", "Μάι" "μαι"."""
    if word.isascii():
        return word.lower()
    plain = unicodedata.normalize("NFD", word.lower().replace("ı", "i").replace("ł", "l").replace("ø", "o"))
    return "".join(char for char in plain if not unicodedata.combining(char)).replace("ς", "σ")


_BY_NAME = {fold(name): number for number, names in enumerate(_MONTH_NAMES, 1) for name in names.split()}
_DAYS = frozenset(fold(name) for name in _WEEKDAYS.split())
_WORDS = frozenset(fold(name) for name in _FILLERS.split())


@lru_cache(maxsize=512)
def month_of(word: str) -> int | None:
    """The number of the month that the folded ``word`` names or, from three letters on, clearly begins."""
    number = _BY_NAME.get(word)
    if number is not None or len(word) < 3:
        return number
    begun = {value for name, value in _BY_NAME.items() if name.startswith(word)}
    return begun.pop() if len(begun) == 1 else None


def is_weekday(word: str) -> bool:
    """Whether the folded ``word`` is a day of the week or its short form."""
    return word in _DAYS


def is_filler(word: str) -> bool:
    """Whether the folded ``word`` only joins the parts of a date."""
    return word in _WORDS
