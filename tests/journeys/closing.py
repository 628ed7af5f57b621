"""The end of a page: course, quotas, ladder and alerts in tables, and what to check."""

from __future__ import annotations

from collections.abc import Iterator
from datetime import date
from itertools import groupby

from tests.journeys.play import Scene
from tests.journeys.prose import dated, instant, plain, quoted, span, table, wrapped
from tests.journeys.telling import Said, Teller, group_of
from tests.shipped import PATHWAY

# The check-ins that ask more than the weekly questions.
REVIEWS = (3, 6, 12)


class Closing(Teller):
    """The tables, and what a clinician may check."""

    def lines(self) -> Iterator[str]:
        yield from self._course()
        yield from self._parts()
        yield from self._stairs()
        yield from self._ladder()
        yield from self._alert_times()
        yield from self._to_check()

    def _course(self) -> Iterator[str]:
        yield from (
            "## The course in numbers",
            "",
            *wrapped(
                "The weekly score runs from 0 to 100; high is worse. One score has a standard "
                f"error of {self.record.risk['trend'][-1]['error']:g} points, so that small ups "
                "and downs are no news."
            ),
            "",
        )
        weeks = {self.day(s.at): str(s.said["occasion"]) for s in self.record.of("weekly")}
        rows = []
        for point in self.record.risk["trend"]:
            day = self.day(instant(point["at"]))
            rows.append(
                (
                    weeks.get(day, "start"),
                    day,
                    f"{point['value']:g}",
                    f"{point['expected']:g}",
                    point["band"],
                    plain(point["decision"]),
                )
            )
        yield from table(("Week", "Day", "Score", "Expected", "Band", "Decision"), rows)
        yield ""

    def _parts(self) -> Iterator[str]:
        """What the score is made of, at the start and in the weeks when all of it was asked."""
        weeks = {s.said["occasion"]: s for s in self.record.of("weekly")}
        points = {0: self.record.risk["trend"][0]}
        points |= {n: weeks[n].said["after"]["risk"]["trend"][-1] for n in REVIEWS if n in weeks}
        parts = sorted(points[0]["contributions"].items(), key=lambda part: (-part[1], part[0]))
        yield from (
            *wrapped(
                "What the score is made of, in points of the score. The longer check-ins of weeks "
                "3, 6 and 12 ask for all of it."
            ),
            "",
        )
        yield from table(
            ("Part", *("start" if n == 0 else f"week {n}" for n in points)),
            [
                (plain(name), *(f"{p['contributions'].get(name, 0):g}" for p in points.values()))
                for name, _ in parts
            ],
        )
        yield ""

    def _stairs(self) -> Iterator[str]:
        sessions = [s for s in self.record.of("practice") if s.said["text"]["quota"]]
        if not sessions:
            return
        last = sessions[-1].said["text"]["quota"]
        aim = last["aim"]
        yield from (
            f"## The quota stairs: {aim['activity']}, towards {aim['amount']:g} {aim['measure']}",
            "",
            *wrapped("Pain is no part of any of these decisions. A flare-up lowers the quota for "
                      "some days, and the way back is taken in steps."),
            "",
        )  # fmt: skip
        rows = []
        for (asked, words), each in groupby(sessions, key=_quota_of):
            scenes = list(each)
            done = sorted({_amount(s) for s in scenes})
            rows.append(
                (
                    self.from_to(scenes[0].at, scenes[-1].at),
                    asked,
                    ", ".join(f"{amount:g}" for amount in done),
                    str(len(scenes)),
                    words,
                )
            )
        yield from table(("Days", "Quota", "Done", "Sessions", "What the screen says"), rows)
        yield from ("", "How each week was judged:", "")
        yield from table(
            ("Week from", "Planned", "Met", "Decision"),
            [
                (
                    dated(date.fromisoformat(week["begins_on"])),
                    str(week["planned"]),
                    str(week["met"]),
                    plain(week["decision"]),
                )
                for week in last["weeks"]
            ],
        )
        yield ""

    def _ladder(self) -> Iterator[str]:
        trials = [s for s in self.record.of("practice") if s.said["tried"]]
        if not trials:
            return
        yield from (
            "## The ladder of feared movements",
            "",
            *wrapped(
                "Fear and belief in the prediction run from 0 to 100, before and after. Pain is no "
                "criterion: a movement is done when fear and belief have fallen on two days."
            ),
            "",
        )
        rows = []
        for scene in trials:
            tried, now = scene.said["tried"], scene.said["after"]["ladder"]
            before = scene.said["text"]["ladder"]
            moved = now["current"] != before["current"]
            rows.append(
                (
                    self.short(scene.at),
                    tried.movement,
                    f"{tried.prediction} → {tried.happened}",
                    f"{tried.fear[0]} → {tried.fear[1]}",
                    f"{tried.belief[0]} → {tried.belief[1]}",
                    tried.habits or "none",
                    "done" if moved else plain(now["verdict"]),
                )
            )
        yield from table(
            (
                "Day",
                "Movement",
                "Predicted → happened",
                "Fear",
                "Belief",
                "Safety habits",
                "Verdict",
            ),
            rows,
        )
        yield ""
        ladders = [s.said["ladder"] for s in self.record.of("ladder", "agreed")]
        last = trials[-1].said["after"]["ladder"]
        newest = ladders[-1] if self.record.of("ladder")[-1].at > trials[-1].at else last
        yield from (*self.rungs(newest), "", *quoted(newest["for_patient"]), "")
        if newest["success"]:
            yield from ("Taken together, the ratings have fallen by half or more.", "")

    def _alert_times(self) -> Iterator[str]:
        if not self.record.alerts:
            return
        yield from ("## Alerts, and how long they took", "")
        rows = []
        for each in self.record.alerts:
            alert = each["alert"]
            opened = instant(alert["opened_at"])
            taken, closed = instant(alert["acknowledged_at"]), instant(alert["closed_at"])
            in_time = "yes" if taken <= instant(alert["respond_by"]) else "no"
            rows.append(
                (
                    self.time(opened),
                    str(alert["tier"]),
                    alert["title"],
                    span(taken - opened),
                    in_time,
                    span(closed - opened),
                    plain(alert["resolution"] or ""),
                )
            )
        yield from table(
            ("Opened", "Tier", "What", "Acknowledged after", "In time", "Closed after", "Outcome"),
            rows,
        )
        yield ""

    def _to_check(self) -> Iterator[str]:
        yield from (
            "## What a clinician may check here",
            "",
            *wrapped(
                "Rules that spoke in this journey, in the order in which they first did. What no "
                "trial established is a default of Lumbra's own, which the practice's clinicians "
                "sign. The cut-offs are in `content/pathways/default.yaml`; "
                "[the pathway in words](../pathway.md)."
            ),
            "",
        )
        seen: dict[str, Said] = {}
        for decision in reversed(self.record.risk["decisions"]):
            seen.setdefault(decision["rule"], decision)
        rows = [
            (
                f"`{rule}`",
                plain(decision["kind"])
                + (f", tier {decision['tier']}" if decision["tier"] else ""),
                self.short(instant(decision["at"])),
                decision["reason"],
                self._source(decision),
            )
            for rule, decision in seen.items()
        ]
        yield from table(("Rule", "Asks for", "First", "Why", "Source"), rows)
        modules = ", ".join(
            f"{a['module_id']} {a['module_version']}" for a in self.record.plan["activities"]
        )
        group = group_of(self.record)
        scores = ", ".join(f"{code} {value:g}" for code, value in sorted(group["inputs"].items()))
        yield from (
            "",
            *wrapped(
                f"Rules: {self.record.plan['pathway_version']}. Risk group by {group['method']} "
                f"({scores}). Module versions: {modules}."
            ),
            "",
            "Questions to ask of this page:",
            "",
            "- Would you have put this person into the same risk group, and given the same plan?",
            "- Is each sentence on the screen one that you would say to a patient?",
            "- Was each alert worth your time, and was its response time right?",
            "- Is there something you would have wanted to be told, and were not?",
        )

    def _source(self, decision: Said) -> str:
        for each in self.record.alerts:
            if each["alert"]["rule"] == decision["rule"]:
                return str(each["alert"]["evidence"][0]["source"])
        # A decision without an alert has its source in the pathway alone.
        assert decision["rule_version"] == PATHWAY.label
        rules = {rule.id: rule.source for rule in PATHWAY.rule_book.rules}
        return rules[decision["rule"]]


def _quota_of(scene: Scene) -> tuple[str, str]:
    quota = scene.said["text"]["quota"]
    measure = quota["aim"]["measure"]
    asked = "a try" if quota["today"] is None else f"{quota['today']:g} {measure}"
    return asked, quota["for_patient"]


def _amount(scene: Scene) -> float:
    values = scene.said["body"]["values"]
    return float(values.get("trial_amount", values.get("amount_done")))
