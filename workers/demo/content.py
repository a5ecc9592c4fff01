"""The feeds of the demo, written for it."""

# ruff: noqa: E501 -- prose

from __future__ import annotations

from dataclasses import dataclass, field
from typing import Literal

Format = Literal["rss", "atom", "json", "rdf"]


@dataclass(frozen=True, slots=True)
class Post:
    """One entry; ``days`` ago it was published."""

    title: str
    html: str
    days: float
    tags: tuple[str, ...] = ()
    sound: bool = False


@dataclass(frozen=True, slots=True)
class Feed:
    """``name`` is its folder on the site, ``formats`` how it is served, ``quirk`` what is odd about it."""

    name: str
    title: str
    about: str
    author: str
    formats: tuple[Format, ...]
    posts: tuple[Post, ...]
    quirk: Literal["", "broken", "gone", "slow"] = ""
    live: tuple[Post, ...] = field(default=())


TIDELINE = Feed(
    "tideline", "The Tideline Almanac", "A year of walks along one beach.", "Ines Marlow", ("rss",),
    (
        Post("What the storm left", '<p>The sea moved the whole beach about four metres to the left. In its place: a '
             'crate stencilled in letters nobody here can read, one good oar, and hundreds of mermaids’ purses.</p>'
             '<figure><img src="/pictures/coast.png" width="320" height="200" alt="Low sun over grey water"><figcaption>'
             'The evening after, from the second groyne.</figcaption></figure><p>I kept the oar.</p>', 0.4, ("storm",)),
        Post("Counting turnstones", "<p>Eleven on the slipway at seven, nineteen by eight. They walk like people looking "
             "for keys. One turned a stone, found another turnstone’s breakfast under it, and put it back.</p>", 1.2,
             ("birds",)),
        Post("A tide table you can trust", "<p>For those who asked how I read mine:</p><table><thead><tr><th>Day</th>"
             "<th>High</th><th>Height</th><th>Worth getting up for</th></tr></thead><tbody><tr><td>Monday</td><td>06:12"
             "</td><td>4.1 m</td><td>yes</td></tr><tr><td>Tuesday</td><td>06:58</td><td>4.4 m</td><td>yes, with boots"
             "</td></tr><tr><td>Wednesday</td><td>07:41</td><td>4.6 m</td><td>stay on the path</td></tr></tbody></table>",
             2.6, ("tides",)),
        Post("Fog, with bell", "<p>You could not see your own hands, but you could hear the buoy ask the same question "
             "every six seconds. I answered once. It did not mind.</p>", 4.1),
        Post("Sea glass, by colour", "<p>Green is beer, brown is beer too, white is everything. Blue was medicine. Red "
             "was a ship’s lamp, once, and I have found exactly two pieces in twelve years.</p>", 6.3, ("finds",)),
        Post("The bench by the lifeboat house", "<p>It has a new plank. The old one, with the names, has gone to the "
             "pub, where it can be read sitting down.</p>", 9.0),
        Post("Why the sand sings", "<p>Dry grains of one size, rubbed together, hum at around 200 hertz. Shuffle your "
             "feet. If nothing happens, it is too wet, or too Tuesday.</p>", 12.5),
        Post("A first list of things to carry", "<ul><li>a bag for rubbish</li><li>a bag for treasure</li><li>some way "
             "to tell them apart</li></ul>", 16.0),
    ),
)  # fmt: skip

KETTLE = Feed(
    "kettle", "Paper & Kettle", "Short essays on slow things.", "Tomas Reed", ("atom", "rss"),
    (
        Post("In praise of the second draft", "<p>The first draft finds out what you think. The second one finds out "
             "what you can leave unsaid.</p><blockquote><p>Write hot, my grandmother said, and cut cold. She was talking "
             "about letters to the council, but it holds.</p></blockquote><p>I keep the cuts in a drawer. In ten years I "
             "have gone back to it once, for a comma.</p>", 0.7, ("writing",)),
        Post("A kettle is a clock", "<p>Four minutes from cold, two from warm, and a click at the end that means: now you "
             "may look up. I have timed whole books with it.</p>", 2.0),
        Post("Letters I did not send", "<p>Most of them are better for it. One is to a bus driver in 2009 who waited. If "
             "you are reading this: I made the train.</p>", 3.4),
        Post("The usefulness of margins", "<p>A page needs somewhere to put your thumbs. So does a day.</p>", 5.2),
        Post("On folding maps", "<p>There are two ways to fold a map: the way it came, and every other way. Most of what I "
             "know about a landscape I learned while it was folded wrong.</p>", 7.7, ("maps",)),
        Post("Notes on a borrowed pen", "<p>It writes a finer line than mine and so I have become, for an afternoon, a "
             "finer person. It goes back on Friday.</p>", 10.1),
        Post("Eleven kinds of quiet", "<p>Snow. Library. After the guests. Before the question. Lift. Museum on a weekday. "
             "Held breath. Power cut. Deep shelf of books. Mist. The one between two people who like each other.</p>", 14.0),
        Post("What the index knows", "<p>Read the index first. It tells you what the author could not stop mentioning: "
             "“rain, 3–7, 19, 40, 112, passim”.</p>", 19.0),
    ),
)  # fmt: skip

PROGRAMS = Feed(
    "programs", "Small Programs", "One screenful at a time.", "Noor Haddad", ("json",),
    (
        Post("Count words without counting spaces", "<p>It splits on anything that is not a letter, and that is all of "
             "it:</p><pre><code>import re, sys\nfrom collections import Counter\n\nwords = re.findall(r\"[^\\W\\d_]+\", "
             "sys.stdin.read().lower())\nfor word, count in Counter(words).most_common(10):\n    print(f\"{count:6} {word}\")"
             "</code></pre><p>The regular expression reads: letters, of any script.</p>", 0.2, ("python",)),
        Post("Sleep sort, kindly", "<p>Nobody should sort like this. Everybody should see it once.</p><pre><code>for n in "
             "\"$@\"; do (sleep \"$n\"; echo \"$n\") &amp; done; wait</code></pre>", 1.9, ("shell",)),
        Post("How many bits is a feeling", "<p>My mood diary takes two bits a day. I ran it for a year; it compresses to "
             "31 bytes, which says something about the year.</p>", 3.1),
        Post("Three ways to be wrong about dates", "<ol><li>Store local time.</li><li>Store local time <em>and</em> call it "
             "UTC.</li><li>Parse “03/04/05”.</li></ol>", 4.8, ("dates",)),
        Post("A clock in a pixel", "<p>One pixel, twenty-four colours, one for each hour. After a week you no longer read "
             "it, you just know.</p>", 7.0),
        Post("A talk about small tools", '<p>Twenty minutes, no slides.</p><iframe width="560" height="315" '
             'src="https://www.youtube.com/embed/aqz-KE-bpKQ" title="A film"></iframe>', 9.2, ("video",)),
        Post("The file that was a folder", "<p>It was named <code>notes.txt</code> and held forty files. Its owner had "
             "meant to tidy up later, and later had come.</p>", 11.5),
        Post("Rubber duck, version 2", "<p>It asks one question back: “what did you expect?” Closed four bugs this "
             "month.</p>", 15.3),
    ),
)  # fmt: skip

STATION = Feed(
    "station", "Hill Station Bulletin", "Weather as seen from one window.", "The observer", ("rdf",),
    (
        Post("Pressure falling, gently", "<p>1009 at breakfast, 1004 at tea. The swifts have gone lower and so has the "
             "washing.</p>", 0.3, ("pressure",)),
        Post("Hail the size of peas", "<p>Measured against actual peas. They were a little smaller; call it petits pois. "
             "Lasted four minutes.</p>", 1.1),
        Post("A note on the new gauge", "<p>It reads 0.4 mm more than the old one, which is what it costs to be "
             "accurate.</p>", 2.2),
        Post("Second rainbow", "<p>Colours reversed, as the books say. Between the two it is darker; that band has a "
             "name, Alexander’s, and deserves it.</p>", 3.9),
        Post("Frost in the hollow", "<p>Minus two by the stream, plus one at the gate: sixty steps, three degrees.</p>", 5.5),
        Post("Wind from the wrong side", "<p>East, for the third day. The door that never sticks sticks.</p>", 6.9),
        Post("Instruments, cleaned", "<p>A spider had been living in the anemometer. She has been moved to the shed, where "
             "the wind is steadier.</p>", 8.8),
        Post("Monthly summary", "<table><tr><th>Rain</th><td>61 mm</td></tr><tr><th>Sun</th><td>142 h</td></tr><tr><th>"
             "Visitors</th><td>3, one lost</td></tr></table>", 13.0),
    ),
)  # fmt: skip

RADIO = Feed(
    "radio", "Slow Radio", "Two seconds of sound a week.", "Mira Okafor", ("rss",),
    (
        Post("Three notes on a thumb piano", "<p>Recorded in the stairwell, where everything sounds like a memory.</p>", 0.9,
             ("sound",), sound=True),
        Post("The lift, arriving", "<p>A major third. I have asked who tuned it and nobody claims to have.</p>", 3.0, (), True),
        Post("Rain on the skylight, edited", "<p>I took out the thunder. Sorry, thunder.</p>", 5.9, (), True),
        Post("An apology to the neighbours", "<p>The kettle drums have been returned.</p>", 8.1),
        Post("Market, closing time", "<p>Crates, ropes, somebody singing the price of the last melons.</p>", 11.0, (), True),
        Post("How I record", "<p>One microphone, wrapped in a sock. Any sock.</p>", 14.2),
        Post("Snow, falling", "<p>It is on there. Turn it up.</p>", 17.7, (), True),
        Post("Why two seconds", "<p>Because you will listen to all of it.</p>", 21.0),
    ),
)  # fmt: skip

BENCH = Feed(
    "workbench", "Workbench", "Mending, mostly.", "Pieter Vos", ("atom",),
    (
        Post("A drawer that runs again", '<p>Candle wax on the runners, and patience on the dovetails.</p><p><img '
             'src="/pictures/bench.png" width="320" height="200" alt="Wood grain around a knot"></p><p>The grain shows where '
             'the branch was; the drawer opens around it.</p>', 0.6, ("wood",)),
        Post("Sharpening, once a week", "<p>Ten strokes a side. If you have to press, it is already blunt.</p>", 2.3),
        Post("The screw that was a nail", "<p>Somebody hammered it in. It held for forty years. I have put it back.</p>", 4.4),
        Post("Glue, and when not to", "<p>If it must ever come apart again: hide glue. If it must not: ask why not.</p>", 6.0,
             ("glue",)),
        Post("Labelling the tins", "<p>“Small screws”, “smaller screws”, “springs?”, “from the radio”.</p>", 8.3),
        Post("A lamp for the reading chair", "<p>Brass stem, paper shade, and a switch that says <em>tock</em>.</p>", 10.8),
        Post("Repairing a repair", "<p>The first repairer had a lighter hand than I do. I learned two things and undid "
             "one.</p>", 13.6),
        Post("Sawdust", "<p>Oak smells of vinegar, cherry of tea, pine of December.</p>", 18.2),
    ),
)  # fmt: skip

HARBOUR = Feed(
    "harbour", "Harbour Log", "Every arrival and departure. New entries appear while you watch.", "The harbour office",
    ("rss",),
    (
        Post("Ferry, on time", "<p>Nobody on the quay believed it. Photographs were taken.</p>", 0.05),
        Post("Trawler Patience in", "<p>Mackerel, two boxes; one boot, left.</p>", 0.15),
        Post("Yacht, foreign, polite", "<p>Moored on the first try and apologised for it.</p>", 0.35),
        Post("Pilot boat out", "<p>Calm. Took the dog.</p>", 0.6),
        Post("Crane inspected", "<p>Passed. It creaks on purpose.</p>", 1.0),
        Post("Barge with sand", "<p>Bringing sand to a beach town; we did not ask.</p>", 1.5),
        Post("Lost and found", "<p>Found: one oar. Lost: one oar. The owner has been told about the almanac.</p>", 2.0),
        Post("Lamp on the north mole replaced", "<p>Same flash, new bulb: two long, one short.</p>", 3.0),
    ),
    live=(
        Post("A rowing boat comes round the mole", "<p>Two people, one of them rowing.</p>", 0),
        Post("The tide turns", "<p>Every boat in the basin nods and faces the other way.</p>", 0),
        Post("Gulls on the ice house", "<p>Forty-one, all facing the wind.</p>", 0),
        Post("Fuel barge alongside", "<p>No smoking until it has gone, says the sign; the sign is new.</p>", 0),
        Post("A seal in the fairway", "<p>Has right of way, by custom.</p>", 0),
        Post("The noon gun", "<p>At four minutes past. It is a modest gun.</p>", 0),
        Post("Nets out to dry", "<p>Blue this year.</p>", 0),
        Post("A letter for the lighthouse", "<p>Goes with the next boat. It has a window, so it is a bill.</p>", 0),
    ),
)  # fmt: skip

ATTIC = Feed(
    "attic", "Attic Notes", "Found in boxes. Its feed is not well-formed, and is read all the same.", "R. & L.", ("rss",),
    (
        Post("Box 14: keys & more keys", "<p>None fits. All kept.</p>", 1.4),
        Post("Box 9: a map of somewhere flat", "<p>Rivers in pencil, as if they might change their minds.</p>", 6.6),
    ),
    quirk="broken",
)  # fmt: skip

CLOSED = Feed("closed", "The Closed Shop", "Answers 410: gone for good.", "", ("rss",), (), quirk="gone")

SNAIL = Feed(
    "snail", "The Snail Post", "Answers after seven seconds, to show how waiting looks.", "A. Snail", ("rss",),
    (Post("On my way", "<p>Started on Monday.</p>", 3.3), Post("Still on my way", "<p>Nice weather for it.</p>", 0.8)),
    quirk="slow",
)  # fmt: skip

FEEDS = (TIDELINE, KETTLE, PROGRAMS, STATION, RADIO, BENCH, HARBOUR, ATTIC, CLOSED, SNAIL)
