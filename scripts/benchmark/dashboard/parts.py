"""The parts of the benchmark: what each measures and how, and what it must reach."""

from typing import Final

from scripts.benchmark.dashboard.bundle import bundle
from scripts.benchmark.dashboard.figures import Plan
from scripts.benchmark.dashboard.heap import heap
from scripts.benchmark.dashboard.paint import paint
from scripts.benchmark.dashboard.pixel import pixel
from scripts.benchmark.dashboard.scroll import scroll
from scripts.benchmark.dashboard.tabs import tabs
from scripts.benchmark.rows import Goal

PIXEL: Final = Plan(
    name="event-to-pixel",
    title="From a submission to its number on the screen",
    told="""\
All agents are connected, and a steady load on them makes the events. The page shows the table of
all agents. Beside the load, 20 tasks a second at random times are submitted to one more agent,
which stands at the top of the table, takes each and ends none: so its number of running tasks
counts them. The time of each runs from the moment it was due at its submitter, by way of the
hub's commit, the batch that gathers 50 ms, the socket and the page, to the beginning of the frame
after the one in which the number was drawn.

- A `MutationObserver` sees the number change, within the frame that draws it; the callback of the
  next frame takes the time. So up to one frame, 17 ms at 60 a second, is counted too much, and
  never too little but for what a screen needs by itself: there is none.
- Both clocks are the machine's monotonic one. How far apart their zeros are is asked of the page
  50 times; the quickest answer counts, and half of the time it took is the error.
- Numbers at the top of the page are told every 200 ms at most; this is about rows.
""",
    goals=[
        Goal("p50", " ms", 60),
        Goal("p99", " ms", 150),
        Goal("p90", " ms"),
        Goal("highest", " ms"),
        Goal("durable p50", " ms"),
        Goal("durable p99", " ms"),
        Goal("events/s", ""),
        Goal("probes", ""),
        Goal("error of the clocks", " ms"),
    ],
    measure=pixel,
    repeat=3,
)
SCROLL: Final = Plan(
    name="scroll",
    title="Scrolling the table of all tasks",
    told="""\
The tasks are put into the database through the store before the hub starts; it has read them for
its search index before anything is measured. Frames are counted by the page itself, by
`requestAnimationFrame`. First the wheel is turned at 6,000 pixels a second, by events that the
browser makes as a real wheel would. Then the page is opened anew, and the bar is dragged with the
mouse from its top to its end at an even speed. Rows that the hub has not sent yet are drawn as
placeholders. *One frame in twenty* is the rate of the slowest twentieth of all frames. *Moves* are
the frames in which the list stood elsewhere than before: a frame that has nothing to do is cheap,
so where moves are far fewer than frames, it is their number that counts.
""",
    goals=[
        Goal("wheel", " fps", 55, more_is_better=True),
        Goal("wheel, one frame in twenty", " fps", more_is_better=True),
        Goal("wheel, longest frame", " ms"),
        Goal("wheel, moves", "/s", more_is_better=True),
        Goal("bar", " fps", 55, more_is_better=True),
        Goal("bar, one frame in twenty", " fps", more_is_better=True),
        Goal("bar, longest frame", " ms"),
        Goal("bar, moves", "/s", more_is_better=True),
    ],
    measure=scroll,
    repeat=3,
)
PAINT: Final = Plan(
    name="paint",
    title="Opening the page",
    told="""\
Somebody who is logged in opens the overview; the hub knows all agents, and none is connected. Cold
is a fresh profile with empty caches in a browser that runs, warm the same page once more. The
first contentful paint is what the browser says of itself. Live is when the page says that it has
the whole picture and follows the hub.
""",
    goals=[
        Goal("cold", " ms", 300),
        Goal("warm", " ms"),
        Goal("live, cold", " ms"),
        Goal("live, warm", " ms"),
    ],
    measure=paint,
)
BUNDLE: Final = Plan(
    name="bundle",
    title="What the page weighs",
    told="""\
Scripts and styles by gzip, as `npm run budget` counts them: what the overview needs, and all
screens together.
""",
    goals=[Goal("first route", " kB", 110), Goal("total", " kB", 220), Goal("fonts", " kB", 90)],
    measure=bundle,
)
HEAP: Final = Plan(
    name="heap",
    title="Memory of a page that stays open",
    told="""\
All agents are connected, and a steady load makes the events. The page goes from screen to screen,
a minute on each. At the end of each minute its garbage is collected, and the browser is asked what
scripts hold (`Runtime.getHeapUsage`). What counts is the most within the last tour of the screens.
""",
    goals=[
        Goal("at the end", " MB", 80),
        Goal("at the beginning", " MB"),
        Goal("highest", " MB"),
        Goal("elements and buffers at the end", " MB"),
    ],
    measure=heap,
)
TABS: Final = Plan(
    name="tabs",
    title="Many open tabs",
    told="""\
The tabs are plain connections that do what a page does: they fetch the picture, follow from there,
read every batch and answer; but they draw nothing. People look from machines of their own; here the
tabs share a core with the submitter that is timed, so they have it only when nobody else wants it
(`SCHED_IDLE`). A load on 100 agents makes the events. Windows without and with the tabs follow each
other on the same hub, each pair in another order than the one before. After the tabs have gone,
half a minute is left out, because for so long the hub still gathers what they would need.
Submissions are timed from the moment they were due to the hub's word that the task is durable.
""",
    goals=[
        Goal("cost to the hub", " % of a core", 15),
        Goal("submit p99, with / without", "", 1.2),
        Goal("submit p99 without", " ms"),
        Goal("submit p99 with", " ms"),
        Goal("ratio of the medians", ""),
    ],
    measure=tabs,
)
PARTS: Final = {plan.name: plan for plan in (PIXEL, SCROLL, PAINT, BUNDLE, HEAP, TABS)}
