"""Off work and low: danger first, a rising risk, no response by week six, and a hand-over."""

from datetime import date, time, timedelta

from tests.journeys.script import Feels, Flare, Person, Reply, Week

DISABLED = frozenset({1, 2, 3, 4, 6, 8, 9, 10, 11, 13, 16, 17, 18, 20, 21, 22})

DANIEL = Person(
    file="low-mood",
    title="Low mood and off work: Daniel, 47, four months of back pain",
    portrait=(
        "Daniel is 47 and drives for a warehouse. He has been off sick for ten weeks. His back has "
        "hurt for four months, he sleeps badly, and the days at home have become long. He lives "
        "with his teenage son. He says that he is fine. His practice has known him for years, and "
        "has not heard him say much else."
    ),
    given_name="Daniel",
    family_name="Marsh",
    begins=date(2026, 3, 2),
    at_home=time(10, 40),
    start=Feels(
        peg=(6, 7, 7),
        phq=(2, 2, 2, 2, 1, 2, 2, 1, 1),
        gad=(1, 1, 1, 1, 0, 1, 0),
        rmdq=DISABLED,
        sbst=frozenset({1, 3, 4, 6, 8}),
        bothersome=2,
        weekly={
            "fear": 5,
            "catastrophizing": 5,
            "self_efficacy": 4,
            "sleep": 7,
            "work": 9,
            "support": 5,
            "understanding": 5,
            "stress": 6,
            "activity": 1,
        },
        context={
            "duration": 2,
            "episodes": 2,
            "work_status": 2,
            "expectation": 4,
            "importance": 8,
            "confidence": 5,
            "health_literacy": 1,
            "days_lost": 28,
        },
    ),
    weeks={
        1: Week(
            "They rang at once. I had not thought that anybody read it.",
            {"phq": (2, 2, 2, 2, 1, 1, 1, 1, 0), "peg": (6, 6, 7)},
        ),
        2: Week("I read a bit each morning. Something to do.", {"peg": (6, 5, 6)}),
        3: Week(
            "A bit lighter. My back is what it was.",
            {
                "peg": (5, 5, 6),
                "phq": (1, 2, 2, 2, 1, 1, 1, 1, 0),
                "weekly": {"self_efficacy": 5, "stress": 5, "sleep": 6},
            },
        ),
        4: Week(
            "A letter from work. They want a date.",
            {
                "peg": (7, 8, 8),
                "gad": (2, 2, 1, 1, 0, 1, 0),
                "weekly": {
                    "sleep": 8,
                    "self_efficacy": 2,
                    "catastrophizing": 7,
                    "fear": 6,
                    "stress": 8,
                    "work": 10,
                },
            },
        ),
        5: Week(
            "I have been in bed since Thursday.",
            {
                "peg": (9, 9, 9),
                "phq": (3, 3, 2, 2, 1, 2, 1, 1, 0),
                "weekly": {"sleep": 9, "self_efficacy": 1, "catastrophizing": 8, "stress": 9},
            },
        ),
        6: Week(
            "We talked about the letter. It is still hard.",
            {
                "peg": (8, 8, 8),
                "phq": (2, 3, 2, 2, 1, 2, 1, 1, 0),
                "rmdq": DISABLED | {5},
                "change": 4,
                "weekly": {"sleep": 8, "self_efficacy": 3, "catastrophizing": 7, "stress": 7},
            },
        ),
        7: Week(
            "The nurse and I made a plan for the mornings.",
            {
                "peg": (6, 7, 7),
                "phq": (2, 2, 2, 2, 1, 1, 1, 1, 0),
                "weekly": {"catastrophizing": 6, "self_efficacy": 4},
            },
        ),
        8: Week(
            "I fixed my son's bike. It took two days and I enjoyed it.",
            {"peg": (6, 5, 6), "phq": (1, 2, 2, 1, 1, 1, 1, 0, 0), "weekly": {"sleep": 6}},
        ),
        9: Week(
            "Spoke to my manager. Half days first, no lifting.",
            {
                "peg": (5, 5, 5),
                "phq": (1, 1, 1, 1, 1, 1, 1, 0, 0),
                "weekly": {"work": 7, "self_efficacy": 5, "fear": 5},
            },
        ),
        10: Week(
            "First half day. My back hurt and I was proud.",
            {"peg": (5, 4, 5), "weekly": {"work": 6, "sleep": 5, "catastrophizing": 4}},
        ),
        11: Week(
            "Three half days. Then my back seized up, and I used my plan.",
            {"peg": (6, 5, 5), "phq": (1, 1, 1, 1, 0, 1, 1, 0, 0)},
        ),
        12: Week(
            "Back at half days. My son says that I whistle again.",
            {
                "peg": (4, 3, 4),
                "phq": (1, 0, 1, 1, 0, 1, 0, 0, 0),
                "rmdq": frozenset({3, 9, 11, 13, 16, 18, 21}),
                "sbst": frozenset({1, 4}),
                "bothersome": 2,
                "change": 1,
                "weekly": {"work": 4, "self_efficacy": 6, "sleep": 4, "activity": 5},
            },
        ),
    },
    aim={
        "activity": "walking",
        "measure": "minutes",
        "amount": 30,
        "rounded_to": 1,
        "planned_days": 5,
    },
    tries=(10, 12, 14),
    goal={
        "activity": "walk to my son's football",
        "amount": 1,
        "starts_from": 0,
        "unit": "match",
        "times_a_week": 1,
        "by": "2026-05-16",
        "why": "He has stopped asking me to come.",
        "confidence": 7,
        "obstacle": "mornings in bed",
        "if_then": "If I wake up low, then I get up and put my shoes on first.",
    },
    confidence={"M10": 7, "M14": 7, "M04": 7},
    away=((date(2026, 4, 2), date(2026, 4, 5)),),
    on={date(2026, 5, 14): Flare(3, "It seized up when I got out of the van.")},
    replies=(
        Reply(
            "self-harm",
            timedelta(minutes=20),
            (
                (
                    True,
                    "Low, and tired of it all. No plan, no wish to act. His son is at home. He "
                    "comes this afternoon.",
                ),
            ),
            "visit-booked",
            "Seen; risk assessed, safety plan written with him. Weekly calls.",
            clears="Assessed today: no plan or intent, safety plan agreed, weekly calls.",
            closes=timedelta(hours=5, minutes=5),
        ),
        Reply(
            "non-response",
            timedelta(days=1, hours=1),
            ((True, "He does his part. The days have no shape, and the letter weighs on him."),),
            "contacted",
            "One more call a week; we begin with mornings and mood.",
        ),
        Reply(
            "not-improving",
            timedelta(days=1, hours=1),
            ((True, "The same call as for the other alert."),),
            "already-known",
            "Dealt with together with the other alert of this check-in.",
        ),
        Reply(
            "not-improving",
            timedelta(days=1, hours=1),
            ((True, "Slow, but it goes his way: half days agreed with his manager."),),
            "contacted",
            "No change of plan. The nurse goes on with him.",
        ),
        Reply(
            "rising",
            timedelta(hours=3, minutes=35),
            (
                (False, "No answer."),
                (True, "He had stayed in bed. No new red flag, no dark thoughts; we asked."),
            ),
            "contacted",
            "Letter to his employer about a return in steps. Called again on Friday.",
            closes=timedelta(days=3, hours=2),
        ),
        Reply(
            "rising",
            timedelta(hours=4, minutes=15),
            ((True, "Better than two weeks ago, by his own account and by his scores."),),
            "already-known",
            "His score has been falling since the visit. The plan stands.",
        ),
        Reply(
            "non-response-6",
            timedelta(hours=3, minutes=10),
            ((True, "He would like somebody to help him with this."),),
            "referred",
            "Visit with me; the nurse takes mood and mornings, occupational health the return.",
            closes=timedelta(days=2, hours=4),
        ),
    ),
    notes={
        "M11": {"hours_in_bed": 9, "hours_asleep": 6, "rested": 4, "wind_down": 1},
        "M10": {"mood": 4, "pleasure": 4, "mastery": 5, "done": 1},
    },
)
