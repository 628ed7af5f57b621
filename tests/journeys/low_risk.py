"""Low risk: a fortnight of pain after a day of moving house, and a person who is getting better."""

from datetime import date, timedelta

from tests.journeys.script import Feels, Flare, Person, Reply, Week

MARGARET = Person(
    file="low-risk",
    title="A low risk: Margaret, 52, two weeks of back pain",
    portrait=(
        "Margaret is 52 and runs a small bakery. Two weeks ago she helped her son to move house, "
        "and her back has hurt since. She has had such a spell once before, years ago. She sleeps "
        "well enough, goes to work, and would like to walk the dog again as she used to. Her "
        "practice asks her whether Lumbra would be something for her."
    ),
    given_name="Margaret",
    family_name="Lowe",
    begins=date(2026, 1, 5),
    start=Feels(
        peg=(5, 4, 5),
        phq=(0, 0, 1, 1, 0, 0, 0, 0, 0),
        gad=(1, 0, 1, 0, 0, 0, 0),
        rmdq=frozenset({2, 3, 9, 11, 14, 16, 21}),
        sbst=frozenset({4, 6}),
        bothersome=2,
        weekly={
            "fear": 3,
            "catastrophizing": 2,
            "self_efficacy": 6,
            "sleep": 3,
            "work": 4,
            "support": 7,
            "understanding": 5,
            "stress": 3,
            "activity": 2,
        },
        context={
            "duration": 0,
            "episodes": 1,
            "work_status": 0,
            "expectation": 7,
            "importance": 8,
            "confidence": 8,
            "health_literacy": 0,
            "days_lost": 0,
        },
    ),
    weeks={
        1: Week("Still stiff, but I got through the week.", {"peg": (5, 4, 4)}),
        2: Week(
            "Better than I feared. I can tie my shoes again.",
            {"peg": (4, 3, 4), "weekly": {"self_efficacy": 7, "fear": 2}},
        ),
        3: Week(
            "The dog and I are back on the short round.",
            {
                "peg": (3, 3, 3),
                "rmdq": frozenset({3, 11, 16, 21}),
                "weekly": {"work": 2, "sleep": 2, "activity": 4, "understanding": 7},
            },
        ),
        4: Week(
            "Mostly fine. I wake up stiff, though, and that worries me a bit.",
            {"peg": (3, 2, 2), "weekly": {"self_efficacy": 8}},
            yes=frozenset({"morning"}),
        ),
        5: Week("I know my numbers by now.", {"peg": (2, 2, 2), "weekly": {"activity": 5}}),
        6: Week(
            "I forget about my back for hours.",
            {
                "peg": (2, 1, 1),
                "rmdq": frozenset({11, 21}),
                "sbst": frozenset(),
                "bothersome": 1,
                "change": 1,
                "weekly": {"fear": 1, "catastrophizing": 1, "work": 1},
            },
        ),
        7: Week("A mad week at the bakery. I clean forgot to answer.", misses=True),
        8: Week("Steady. My back was fine on a long train ride.", {"peg": (2, 1, 1)}),
        9: Week("I hardly think about it.", {"peg": (1, 1, 1), "weekly": {"self_efficacy": 9}}),
        10: Week(
            "It seized up when I lifted a flour sack. I did what my plan said, and kept walking.",
            {"peg": (4, 3, 3), "weekly": {"self_efficacy": 7, "sleep": 3}},
        ),
        11: Week(
            "It took about a week. Nearly back where I was.",
            {"peg": (2, 1, 1), "weekly": {"sleep": 1, "self_efficacy": 8}},
        ),
        12: Week(
            "The long round with the dog, every morning.",
            {
                "peg": (1, 0, 1),
                "rmdq": frozenset({21}),
                "change": 0,
                "weekly": {"activity": 6, "understanding": 9, "self_efficacy": 9},
            },
        ),
    },
    aim={
        "activity": "walking the dog",
        "measure": "minutes",
        "amount": 30,
        "rounded_to": 1,
        "planned_days": 5,
    },
    tries=(14, 16, 18),
    goal={
        "activity": "walk the long round with the dog",
        "amount": 5,
        "starts_from": 1,
        "unit": "mornings",
        "times_a_week": 5,
        "by": "2026-03-15",
        "why": "The mornings outside are the best part of my day.",
        "confidence": 8,
        "obstacle": "early shifts at the bakery",
        "if_then": "If I have an early shift, then I walk right after it.",
    },
    on={
        date(2026, 3, 12): Flare(3, "I lifted a flour sack and my back seized up."),
    },
    replies=(
        Reply(
            "red-flag-soon",
            timedelta(hours=15, minutes=10),
            ((True, "Stiff for half an hour, eases with movement. No other sign."),),
            "contacted",
            "Seen by phone; nothing to examine now. She will come if it gets worse.",
        ),
    ),
)
