"""High risk, and afraid to move: a ladder of feared movements, climbed step by step."""

from datetime import date, time, timedelta

from tests.journeys.script import Agrees, Feels, Flare, Person, Rates, Reply, Try, Week

SOCKS = "Putting my socks on while standing"
PEN = "Picking a pen up from the floor"
RUG = "Hoovering one rug"
HOOVER = "Hoovering the living room"
BAG = "Carrying a full shopping bag"
BASKET = "Lifting the washing basket"
CRATE = "Lifting a crate of books"
FILM = "Sitting through a film"

AISHA = Person(
    file="high-fear",
    title="A high risk with much fear: Aisha, 41, five months of back pain",
    portrait=(
        "Aisha is 41 and teaches at a primary school. Five months ago her back went while she was "
        "lifting a crate of books, and since then she has moved as if something could tear. She "
        "works, sits out the lessons in the hall, and her husband carries the shopping. A scan two "
        "months ago showed what most scans of people of her age show. She thinks about her back a "
        "great deal of the day. She is not depressed."
    ),
    given_name="Aisha",
    family_name="Karim",
    begins=date(2026, 2, 2),
    at_home=time(19, 15),
    start=Feels(
        peg=(6, 6, 7),
        phq=(1, 1, 1, 1, 0, 0, 1, 0, 0),
        gad=(1, 1, 1, 1, 1, 0, 1),
        rmdq=frozenset({2, 3, 4, 5, 6, 8, 9, 10, 11, 12, 16, 17, 18, 21, 23}),
        sbst=frozenset({3, 4, 5, 6, 7, 8}),
        bothersome=3,
        weekly={
            "fear": 9,
            "catastrophizing": 8,
            "self_efficacy": 3,
            "sleep": 5,
            "work": 5,
            "support": 7,
            "understanding": 4,
            "stress": 6,
            "activity": 1,
        },
        context={
            "duration": 2,
            "episodes": 1,
            "work_status": 1,
            "expectation": 5,
            "importance": 9,
            "confidence": 6,
            "health_literacy": 0,
            "days_lost": 4,
        },
    ),
    weeks={
        1: Week("I read the first part three times. It is calmer than the internet."),
        2: Week(
            "Hurt and harm are not the same. I am trying to believe it.",
            {"peg": (6, 6, 6), "weekly": {"understanding": 6, "catastrophizing": 7}},
        ),
        3: Week(
            "I chose walking to school. Walking, I can imagine.",
            {
                "peg": (6, 5, 6),
                "rmdq": frozenset({3, 4, 5, 8, 9, 10, 11, 12, 16, 17, 18, 21, 23}),
                "weekly": {"fear": 8, "self_efficacy": 4},
            },
        ),
        4: Week("Eight minutes, by the clock. Nothing happened.", {"peg": (5, 5, 6)}),
        5: Week(
            "Steps go up. Lifting is another matter: I have not lifted a thing since September.",
            {"peg": (5, 5, 5), "weekly": {"fear": 8, "self_efficacy": 5, "sleep": 4}},
        ),
        6: Week(
            "I wrote the list. Only writing it made me sweat.",
            {
                "peg": (5, 5, 5),
                "rmdq": frozenset({3, 4, 8, 9, 10, 11, 12, 16, 21, 23}),
                "sbst": frozenset({4, 5, 6, 7}),
                "bothersome": 3,
                "change": 2,
                "weekly": {"understanding": 7, "catastrophizing": 6},
            },
        ),
        7: Week(
            "Socks, standing up. My husband clapped.",
            {"peg": (5, 4, 5), "weekly": {"fear": 7, "self_efficacy": 5}},
        ),
        8: Week(
            "The hoover is a beast. I tried three times and I am as afraid as before.",
            {"peg": (5, 4, 4), "weekly": {"fear": 6}},
        ),
        9: Week(
            "One rug first. Then the room. That was a good idea.",
            {"peg": (4, 4, 4), "weekly": {"fear": 5, "catastrophizing": 4, "self_efficacy": 6}},
        ),
        10: Week(
            "I carried the shopping in. All of it.",
            {"peg": (4, 3, 3), "weekly": {"fear": 4, "sleep": 3, "work": 3}},
        ),
        11: Week(
            "The washing basket is mine again.",
            {"peg": (4, 3, 3), "weekly": {"fear": 3, "catastrophizing": 3, "self_efficacy": 7}},
        ),
        12: Week(
            "A sore week, and I did not think that I had broken anything. That is new.",
            {
                "peg": (4, 2, 3),
                "rmdq": frozenset({9, 11, 21, 23}),
                "sbst": frozenset({4}),
                "bothersome": 2,
                "change": 1,
                "weekly": {"fear": 3, "understanding": 8, "self_efficacy": 7, "activity": 5},
            },
        ),
    },
    aim={
        "activity": "walking to school",
        "measure": "minutes",
        "amount": 25,
        "rounded_to": 1,
        "planned_days": 5,
    },
    tries=(10, 12, 14),
    goal={
        "activity": "lead the lesson in the hall",
        "amount": 1,
        "starts_from": 0,
        "unit": "lesson",
        "times_a_week": 1,
        "by": "2026-04-20",
        "why": "I miss being the one who shows them how.",
        "confidence": 7,
        "obstacle": "the thought of bending in front of the class",
        "if_then": "If the thought comes, then I bend once, slowly, and go on.",
    },
    ladder={SOCKS: 30, PEN: 40, HOOVER: 55, BAG: 60, BASKET: 75, CRATE: 90, FILM: 15},
    feared=(
        Try(SOCKS, "A sharp pain", "A pull, then nothing", (50, 30), (45, 25), where="bedroom"),
        Try(SOCKS, "A sharp pain", "Nothing", (35, 20), (25, 10), where="changing room"),
        Try(
            PEN,
            "I will get stuck down there",
            "I came up again",
            (60, 45),
            (60, 40),
            habits="held on to the table",
            where="kitchen",
        ),
        Try(PEN, "I will get stuck", "I did not", (50, 30), (45, 30), where="kitchen"),
        Try(PEN, "It will hurt", "It hurt a little", (35, 20), (30, 15), where="classroom"),
        Try(
            HOOVER,
            "I pay for it for days",
            "Stopped after a minute",
            (65, 65),
            (70, 70),
            habits="stiff as a board",
            where="living room",
        ),
        Try(
            HOOVER,
            "I pay for it for days",
            "Sore in the evening, gone by morning",
            (65, 60),
            (70, 65),
            habits="stiff as a board",
            where="living room",
        ),
        Try(
            HOOVER,
            "I pay for it for days",
            "The same again",
            (65, 60),
            (65, 60),
            habits="stopped early",
            where="living room",
        ),
        Try(RUG, "Sore in the evening", "A little", (45, 30), (45, 30), where="hall"),
        Try(RUG, "Sore in the evening", "No", (30, 20), (30, 15), where="bedroom"),
        Try(HOOVER, "Sore for days", "Sore for an hour", (50, 40), (50, 40), where="living room"),
        Try(HOOVER, "Sore for an hour", "Not even that", (40, 30), (40, 30), where="living room"),
        Try(HOOVER, "Nothing much", "Nothing", (30, 20), (30, 15), where="upstairs"),
        Try(BAG, "It pulls my back out", "It did not", (65, 40), (60, 40), where="car"),
        Try(BAG, "A twinge", "A twinge, and gone", (45, 30), (40, 30), where="car"),
        Try(BAG, "A twinge", "None", (35, 20), (30, 15), where="market"),
        Try(BASKET, "My back gives way", "It held", (75, 50), (70, 50), where="bathroom"),
        Try(BASKET, "Sore", "A bit sore", (55, 35), (50, 35), where="bathroom"),
        Try(BASKET, "A bit sore", "Fine", (40, 25), (35, 20), where="garden"),
        Try(CRATE, "It happens again", "It did not happen", (85, 60), (80, 55), where="school"),
        Try(CRATE, "It may happen", "It did not", (60, 40), (55, 35), where="school"),
        Try(CRATE, "Heavy, no more", "Heavy, no more", (45, 30), (35, 25), where="home"),
    ),
    on={
        date(2026, 3, 26): Rates({RUG: 45}, "The whole room is too much. One rug is not."),
        date(2026, 4, 16): Agrees(
            CRATE, "We lifted one together in the room. She is ready; I agreed."
        ),
        date(2026, 4, 20): Flare(3, "I overdid it in the garden."),
        date(2026, 4, 27): Rates(
            {SOCKS: 10, PEN: 10, RUG: 10, HOOVER: 20, BAG: 20, BASKET: 30, CRATE: 45},
            "The same list, eight weeks on.",
        ),
    },
    replies=(
        Reply(
            "high-risk",
            timedelta(hours=15, minutes=25),
            ((True, "We talked about what she fears most: that the disc will go again."),),
            "visit-booked",
            "Visit on Monday week with Sam, who is trained for this. Factors looked at together.",
        ),
    ),
    notes={
        "M05": {
            "activity": "tidying up",
            "uptime": 20,
            "work_minutes": 15,
            "rest_minutes": 4,
            "blocks_planned": 4,
            "blocks_kept": 3,
            "activity_morning": 5,
            "activity_afternoon": 5,
            "activity_evening": 4,
        },
    },
)
