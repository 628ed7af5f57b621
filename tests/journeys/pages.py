"""Tells a played journey in Markdown, for clinicians to read.

What people say and do is the script's; every judgement, number and sentence of Lumbra's is taken
from an answer of the API. These files only put them in order.
"""

from __future__ import annotations

from collections.abc import Iterator, Sequence
from datetime import date
from itertools import groupby

from tests.journeys.closing import Closing
from tests.journeys.play import Record, Scene
from tests.journeys.prose import (
    dated,
    days,
    instant,
    item,
    plain,
    quoted,
    sentence,
    span,
    table,
    wrapped,
)
from tests.journeys.script import Person
from tests.journeys.telling import Said, Teller, elevated_of, group_of, names_of

COMMAND = "python -m tests.journeys"
TIERS = {1: "critical", 2: "high", 3: "routine"}
BETWEEN = ("flare", "ladder", "agreed", "aim", "goal", "follow-up", "alert", "cleared")
# What everybody who reads the page knows already.
SILENT = ("open", "deliver")
ACTIONS = {
    "acknowledge": "acknowledged",
    "start": "work began",
    "contact": "contact",
    "escalate": "escalated",
    "resolve": "resolved",
    "dismiss": "dismissed",
    "update": "evidence added",
}


def page(record: Record) -> str:
    """The whole page of a journey."""
    return "\n".join(Page(record).lines()).rstrip() + "\n"


INDEX = f"""# Journeys of twelve weeks

Made-up people go through twelve weeks of Lumbra. Each page tells what they answered, what Lumbra
made of it and why, what they saw on their screen, and what their practice did. Read them as you
would read the notes of a colleague.

{{journeys}}

Nobody wrote these pages by hand. A test plays each journey through the public API on a moved clock,
and the worker's jobs run as they do in a practice. The scripts in `tests/journeys/` say only what
people answer and do. All judgements, numbers and sentences of Lumbra's come from the answers of the
API, and the test fails when one of them changes. `{COMMAND}` writes the pages anew.

The people are made up, and so is their getting better or worse. The journeys show what Lumbra does.
They are no evidence that it helps.
"""


def index(people: Sequence[Person]) -> str:
    """The page that leads to the journeys."""
    return INDEX.format(journeys="\n".join(f"- [{p.title}]({p.file}.md)" for p in people))


class Page(Teller):
    """One journey on its way to Markdown."""

    def __init__(self, record: Record) -> None:
        super().__init__(record)
        self.since: list[Scene] = []
        self.plan: Said | None = None

    def lines(self) -> Iterator[str]:
        yield from self._opening()
        yield from self._beginning()
        yield from self._weeks()
        yield from Closing(self.record).lines()

    # The first page

    def _opening(self) -> Iterator[str]:
        name = self.person.given_name
        yield from (f"# {self.person.title}", "", *wrapped(self.person.portrait), "")
        yield from wrapped(
            f"{name} is made up. What {name} and the practice say and do is a script, in "
            "*italics*; all else is what Lumbra answered through its API. Times are those of "
            f"{self.person.time_zone}. [How this page came about](README.md)."
        )
        points = self.record.risk["trend"]
        done = sum(a["status"] == "completed" for a in self.record.plan["activities"])
        yield from (
            "",
            *table(
                ("In short", ""),
                [
                    ("Risk group at the start", group_of(self.record)["outcome"]),
                    ("Elevated factors", ", ".join(names_of(elevated_of(self.record))) or "none"),
                    (
                        "Plan",
                        f"{self.record.plan['weeks']} weeks, "
                        f"{len(self.record.plan['activities'])} modules, {done} completed",
                    ),
                    (
                        "Weekly score (0-100, high is worse)",
                        f"{points[0]['value']:g} at the start, {points[-1]['value']:g} at the end",
                    ),
                    (
                        "Alerts",
                        "; ".join(
                            f"{a['alert']['title']} (tier {a['alert']['tier']})"
                            for a in self.record.alerts
                        )
                        or "none",
                    ),
                ],
            ),
            "",
        )

    def _beginning(self) -> Iterator[str]:
        yield from (f"## The start: {self.day(self.record.scenes[0].at)}", "")
        for scene in self.record.of("safety-screen", "baseline"):
            if scene.kind == "safety-screen":
                yield from self._answered(scene, "the safety screen")
                continue
            yield from self._answered(scene, "the first questions")
            yield from self._judged(scene.said["after"]["risk"])
            self.plan = scene.said["after"]["plan"]
            yield from self._plan(scene.said["after"]["plan"])

    def _answered(self, scene: Scene, what: str) -> Iterator[str]:
        said = scene.said
        yield from wrapped(
            f"**{self.time(scene.at)}.** {self.person.given_name} answers {what}: "
            f"“{said['title']}”, {said['asked']} questions. On the screen:"
        )
        yield ""
        yield from self._screen(said["told"])

    def _screen(self, told: Said) -> Iterator[str]:
        now = told["now"]
        if now is not None:
            numbers = "; ".join(f"{c['label']} {c['phone']}" for c in now["contacts"])
            yield from quoted(f"**{now['title']}** {now['text']} ({numbers})")
            yield ">"
            yield from quoted(told["statement"])
            yield ">"
        sentences = [told["trend"]["sentence"]] if told["trend"] else []
        sentences.append(told["next"]["sentence"])
        if told["next"].get("module"):
            sentences.append(f"The part to go on with: “{told['next']['module']}”.")
        yield from (*quoted(" ".join(sentences)), "")

    def _judged(self, risk: Said) -> Iterator[str]:
        found = {a["kind"]: a for a in risk["assessments"]}
        group, index = found["stratification"], found["response-index"]
        yield from (
            "### What Lumbra made of it",
            "",
            f"- **Risk group: {group['outcome']}.** {'; '.join(group['reasons'])}.",
        )
        factors = found["factor-profile"]["result"]["elevated"]
        reasons = found["factor-profile"]["reasons"]
        if not factors:
            yield "- **Elevated factors:** none."
        for reason in reasons:
            yield from item(f"**Elevated factor.** {reason}.")
        yield from item(
            f"**Likely to respond: {index['outcome']}** ({index['value']:g} of 10; an index that "
            "is not validated; it changes support, never access). "
            f"{'; '.join(index['reasons'])}."
        )
        for decision in risk["decisions"]:
            yield from item(f"**{decision['title']}.** {decision['reason']}")
        yield ""

    def _plan(self, plan: Said) -> Iterator[str]:
        yield from (
            "### The plan, and why each module is in it",
            "",
            *wrapped(f"{plan['weeks']} weeks. {plan['support']} {' '.join(plan['notes'])}"),
            "",
        )
        rows = [
            (
                f"{a['module_id']} {a['title']}",
                a["domain"],
                str(a["grades"]),
                a["reason"] + (f" Waits: {a['waits_for']}" if a["waits_for"] else ""),
            )
            for a in plan["activities"]
        ]
        yield from table(("Module", "Side of pain", "Grades", "Why"), rows)
        for each in plan["to_answer"]:
            yield from (
                "",
                *wrapped(
                    f"Lumbra asks the practice before {', '.join(each['modules'])} begins: "
                    f"{each['question']}."
                ),
            )
        yield ""

    # Week by week

    def _weeks(self) -> Iterator[str]:
        begun = False
        for scene in self.record.scenes:
            if scene.kind == "weekly":
                if not begun:
                    yield from ("## Week by week", "")
                begun = True
                yield from self._week(scene)
            elif scene.kind in ("read", "practice"):
                self.since.append(scene)
            elif scene.kind in BETWEEN:
                yield from getattr(self, f"_{scene.kind.replace('-', '_')}")(scene)

    def _week(self, scene: Scene) -> Iterator[str]:
        said, name = scene.said, self.person.given_name
        point = said["after"]["risk"]["trend"][-1]
        yield from (f"### Week {said['occasion']}, {self.day(scene.at)}", "")
        missed = self._missed(said["occasion"])
        if missed:
            yield from (*wrapped(missed), "")
        if said["says"]:
            yield from (*wrapped(f"*{name}: “{said['says']}”*"), "")
        yield from self._done_since()
        yield from item(
            f"{said['asked']} questions. Score **{point['value']:g}** of 100, "
            f"{point['expected']:g} expected by now: **{plain(point['decision'])}**, "
            f"{'; '.join(point['reasons'])}."
        )
        yield from self._judged_again(said["before"]["risk"], said["after"]["risk"])
        new = _new_decisions(said)
        told = [f"{decision['title']}: {decision['reason']}" for decision in new]
        # Since the last check-in, for a plan moves on between them as well.
        yield from self._moved(self.plan or said["before"]["plan"], said["after"]["plan"], told)
        self.plan = said["after"]["plan"]
        for decision in new:
            yield from self._decided(decision, said["before"]["risk"])
        yield from (f"- On {name}'s screen:", "")
        yield from self._screen(said["told"])

    def _judged_again(self, before: Said, after: Said) -> Iterator[str]:
        known = {each["id"] for each in before["assessments"]}
        was = next(a["outcome"] for a in before["assessments"] if a["kind"] == "stratification")
        for each in after["assessments"]:
            if each["id"] in known or each["kind"] != "stratification":
                continue
            words = f"Risk group judged again: **{each['outcome']}**"
            if each["outcome"] != was:
                words += f", before {was}"
            yield from item(f"{words}. {'; '.join(each['reasons'])}.")

    def _missed(self, occasion: int) -> str:
        answered = {s.said["occasion"] for s in self.record.of("weekly")}
        before = occasion - 1
        if before < 1 or before in answered:
            return ""
        week = self.person.weeks.get(before)
        words = f" *“{week.says}”*" if week and week.says else ""
        return f"The check-in of week {before} was missed.{words} What is missing changes no score."

    def _done_since(self) -> Iterator[str]:
        scenes, self.since = self.since, []
        read = [
            f"{s.said['text']['module_id']} {s.said['text']['title']}, part "
            f"{s.said['text']['grade']} “{s.said['text']['grade_title']}” "
            f"(quiz {s.said['quiz']['percent']} %)"
            for s in scenes
            if s.kind == "read"
        ]
        if read:
            yield from item(f"Read since: {'; '.join(read)}.")
        practised: dict[str, set[str]] = {}
        for s in scenes:
            if s.kind == "practice":
                practised.setdefault(s.said["text"]["module_id"], set()).add(s.said["body"]["day"])
        if practised:
            told = ", ".join(
                f"{name} on {days(len(each))}" for name, each in sorted(practised.items())
            )
            yield from item(f"Practised since: {told}.")

    def _moved(
        self, before: Said | None, after: Said, decided: Sequence[str] = ()
    ) -> Iterator[str]:
        past = {a["id"]: a for a in before["activities"]} if before else {}
        for now in after["activities"]:
            name = f"{now['module_id']} {now['title']}"
            then = past.get(now["id"])
            if then is None:
                yield from item(f"**{name}** joins the plan. {now['reason']}.")
                continue
            if now["status"] != then["status"]:
                words = {
                    "active": f"begins (grade {now['grade']} of {now['grades']}). "
                    f"Why: {sentence(now['reason'])}",
                    "completed": "is completed.",
                    "stuck": "is marked as stuck.",
                }.get(now["status"], f"is now {now['status']}.")
                yield from item(f"**{name}** {words}")
            elif now["grade"] > then["grade"]:
                yield from item(f"**{name}** goes up to grade {now['grade']} of {now['grades']}.")
            elif now["grade"] < then["grade"]:
                yield from item(f"**{name}** goes back to grade {now['grade']}.")
            if now["progress"] and now["progress"] != then["progress"]:
                yield from item(f"{now['module_id']}: {now['progress']}")
            if now["waits_for"] and now["waits_for"] != then["waits_for"]:
                yield from item(f"**{name}** waits: {now['waits_for']}")
        for note in after["notes"]:
            if note not in (before["notes"] if before else ()) and note not in decided:
                yield from item(f"Note in the plan for the practice: {note}")

    def _decided(self, decision: Said, before: Said) -> Iterator[str]:
        rule = f"Rule `{decision['rule']}`"
        if any(decision["rule"] == each["rule"] for each in before["decisions"]):
            yield from item(f"{rule} holds again.")
            return
        opened = [a["alert"] for a in self.record.alerts]
        if any((a["rule"], a["opened_at"]) == (decision["rule"], decision["at"]) for a in opened):
            yield from item(f"{rule} opens an alert (below): **{decision['title']}.**")
            return
        told = f" {self.person.given_name} reads: “{decision['for_patient']}”"
        yield from item(
            f"{rule} ({plain(decision['kind'])}): **{decision['title']}.** "
            f"{decision['reason']}{told if decision['for_patient'] else ''}"
        )

    # Between the check-ins

    def _follow_up(self, scene: Scene) -> Iterator[str]:
        yield from self._answered(scene, "the longer follow-up")
        new = _new_decisions(scene.said)
        for decision in new:
            yield from self._decided(decision, scene.said["before"]["risk"])
        if new:
            yield ""

    def _aim(self, scene: Scene) -> Iterator[str]:
        quota = scene.said["quota"]
        aim = quota["aim"]
        yield from wrapped(
            f"**{self.time(scene.at)}, steady steps.** {self.person.given_name} chooses "
            f"{aim['activity']}: {aim['amount']:g} {aim['measure']}, on {aim['planned_days']} days "
            f"a week. “{quota['for_patient']}”"
        )
        yield ""

    def _goal(self, scene: Scene) -> Iterator[str]:
        goal = scene.said["goal"]
        yield from wrapped(
            f"**{self.time(scene.at)}, a goal.** {goal['activity'].capitalize()}: "
            f"{goal['amount']:g} {goal['unit']}, {_times(goal['times_a_week'])} a week, by "
            f"{dated(date.fromisoformat(goal['by']))}. *“{goal['why']}”* Confidence "
            f"{goal['confidence']} of 10. Obstacle: {goal['obstacle']}. *{goal['if_then']}*"
        )
        yield ""

    def _flare(self, scene: Scene) -> Iterator[str]:
        before, after = scene.said["before"], scene.said["after"]
        measure = after["aim"]["measure"]
        yield from quoted(
            f"**A flare-up, {self.time(scene.at)}.** *“{scene.said['says']}”* The quota of "
            f"{before['today']:g} {measure} becomes {after['today']:g}. On the screen: "
            f"“{after['for_patient']}”"
        )
        yield ""

    def _ladder(self, scene: Scene) -> Iterator[str]:
        says = f" *“{scene.said['says']}”*" if scene.said["says"] else ""
        yield from wrapped(f"**{self.time(scene.at)}, the ladder is rated.**{says}")
        yield ""
        yield from self.rungs(scene.said["ladder"])
        yield from ("", *quoted(scene.said["ladder"]["for_patient"]), "")

    def _cleared(self, scene: Scene) -> Iterator[str]:
        hold = scene.said["hold"]
        yield from quoted(
            f"**The safety hold is cleared, {self.time(instant(hold['cleared_at']))}**, after "
            f"{span(instant(hold['cleared_at']) - instant(hold['opened_at']))}. "
            f"*“{hold['reason']}”* The programme goes on."
        )
        yield ""

    def _agreed(self, scene: Scene) -> Iterator[str]:
        yield from quoted(
            f"**The practice agrees, {self.time(scene.at)}.** In the plan: {scene.said['before']} "
            f"*“{scene.said['says']}”* Then: “{scene.said['ladder']['for_patient']}”"
        )
        yield ""

    def _alert(self, scene: Scene) -> Iterator[str]:
        found = next(a for a in self.record.alerts if a["alert"]["id"] == scene.said["alert"]["id"])
        alert = found["alert"]
        opened = instant(alert["opened_at"])
        yield from quoted(
            f"**Alert, tier {alert['tier']} ({TIERS[alert['tier']]}): {alert['title']}** "
            f"({self.time(opened)}; to be answered by {self.time(instant(alert['respond_by']))})"
        )
        yield ">"
        for line in self._evidence(alert["evidence"][0]):
            yield from quoted(line)
        yield from quoted(f"- Suggested: {' '.join(alert['suggestions'])}")
        if alert["patient_was_told"]:
            yield from quoted(f"- The patient was told: “{alert['patient_was_told']}”")
        yield ">"
        done = [event for event in found["history"] if event["action"] not in SILENT]
        for at, together in groupby(done, key=lambda event: instant(event["at"])):
            words = "; ".join(self._event(event) for event in together)
            yield from quoted(f"- {self.time(at)}, {span(at - opened)} later: {words}")
        yield ""

    def _evidence(self, evidence: Said) -> Iterator[str]:
        yield f"- Why: {evidence['why']} Source: {evidence['source']}."
        for answer in evidence.get("answers", ()):
            yield f"- Answer: “{answer['text']}”: {answer['answer']}."
        if "score" in evidence and evidence["score"] is not None:
            most = sorted(evidence["contributions"].items(), key=lambda c: (-c[1], c[0]))[:3]
            parts = ", ".join(f"{plain(name)} {value:g}" for name, value in most)
            last = ", ".join(f"{p['score']:g}" for p in evidence["last_four"])
            yield (
                f"- Score {evidence['score']:g}, expected {evidence['expected']:g}; the last: "
                f"{last}. Most of it: {parts}."
            )
        if evidence.get("factors"):
            yield f"- Elevated: {'; '.join(evidence['factors'])}."
        if evidence.get("scores"):
            yield (
                "- Scores: "
                + ", ".join(
                    f"{name} {value:g}" for name, value in sorted(evidence["scores"].items())
                )
                + "."
            )

    def _event(self, event: Said) -> str:
        detail = event["detail"] or {}
        more = ""
        if event["action"] == "contact":
            more = ", reached" if detail.get("reached") else ", not reached"
        if detail.get("code"):
            more = f" as {plain(detail['code'])}"
        note = f" *“{event['note']}”*" if event["note"] else ""
        return f"{ACTIONS.get(event['action'], event['action'])}{more}{note}"


def _new_decisions(said: Said) -> list[Said]:
    """What was decided by one set of answers, in order."""
    known = {decision["id"] for decision in said["before"]["risk"]["decisions"]}
    return [d for d in reversed(said["after"]["risk"]["decisions"]) if d["id"] not in known]


def _times(number: int) -> str:
    return "once" if number == 1 else f"{number} times"
