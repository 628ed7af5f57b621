"""What a graded activity says to a person and to a provider. Pure.

A sentence is a code with its values, so that a page can say it in another language; ``ENGLISH`` is
what a program is told.
"""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass, field
from datetime import date
from decimal import Decimal

from backend.programme import graded_activity, graded_exposure, pacing, sleep
from backend.programme.graded_activity import State, Week
from backend.programme.graded_exposure import Ladder
from backend.risk.practice_rules import SleepRule

TRIES = 3

ENGLISH: Mapping[str, str] = {
    # Where somebody stands today
    "choose-aim": "Choose one activity that leads towards your goal, and how much of it you want "
    "to do.",
    "tries": "Tries still to do, each on another day: %(left)s. Stop when you normally would. From "
    "your tries comes your starting point.",
    "fourth-try": "Your tries lie far apart. One more try gives a better starting point.",
    "locked": "Your programme waits until your practice has spoken with you.",
    "start": "Today: %(amount)s %(measure)s, then stop. It is a little below the average of your "
    "tries, so that you can meet it.",
    "go-on": "Today: %(amount)s %(measure)s, then stop. Neither a good day nor a sore day changes "
    "it.",
    "up": "Today: %(amount)s %(measure)s, then stop. You met your amount on enough days, so it "
    "went up a step.",
    "same": "Today: %(amount)s %(measure)s, then stop. It stays as it is for one more week.",
    "down": "Today: %(amount)s %(measure)s, then stop. It is a step lower, so that you can meet it "
    "again.",
    "after-gap": "Today: %(amount)s %(measure)s, then stop. It is lower after the pause. That is "
    "part of the plan.",
    "flare": "You have a flare-up. Today: %(amount)s %(measure)s. In small steps you then come "
    "back to your old amount.",
    "way-back": "Today: %(amount)s %(measure)s, then stop. After the flare-up you come back to "
    "your old amount step by step.",
    "at-goal": "You are at your goal. Your amount to keep: %(amount)s %(measure)s.",
    "rate-ladder": "Write down %(fewest)s to %(most)s movements that you avoid, and rate each from "
    "0 to 100.",
    "ask-practice": "Please talk to your practice before you try this movement: %(item)s.",
    "try-rung": "Your movement now: %(item)s. Write down what you expect, try it, and compare.",
    "easier-rung": "Your movement now: %(item)s. The fear has not dropped yet, so add an easier "
    "movement to your list.",
    "stuck-rung": "This movement stays hard: %(item)s. Your practice can help you with it.",
    "ladder-done": "You have done every movement on your list. Rate them again to see what has "
    "changed.",
    "uptime-tries": "Time one activity until the pain first clearly goes up, then stop. "
    "Tries still to do: %(left)s.",
    "blocks": "Your slices for now: %(work)s minutes of work, then %(rest)s minutes of rest. "
    "Stop by the clock, while you still feel fine.",
    "blocks-up": "You kept to your slices, so your work time went up. Now: %(work)s minutes of "
    "work, then %(rest)s minutes of rest.",
    "blocks-even": "Your days have become more even. Your slices for now: %(work)s minutes"
    " of work, then %(rest)s minutes of rest.",
    "sleep-diary": "Fill in your sleep diary each morning. Nights noted in the last 7 days: "
    "%(nights)s.",
    "sleep-low": "You slept for about %(percent)s of your time in bed. Get up at the same time "
    "every day. If you lie awake for about 20 minutes, leave the bed or sit up until "
    "you feel sleepy.",
    "sleep-fair": "You slept for about %(percent)s of your time in bed. Keep your rising time, "
    "and go to bed when you feel sleepy.",
    "sleep-good": "You slept for about %(percent)s of your time in bed. That is a good share. "
    "Keep your rising time.",
    "sleep-window": "Agreed with your practice: %(hours)s hours and %(minutes)s minutes in bed for "
    "now. Keep your rising time and go to bed later. Do not drive when you feel "
    "sleepy.",
    "sleep-window-soon": "Your practice has agreed a set time in bed with you. It begins after 7"
    " nights in your diary. Nights noted in the last 7 days: %(nights)s.",
    "sleep-suspended": "You were very sleepy by day, so your set time in bed is paused. Sleep "
    "as long as you need, do not drive while you feel sleepy, and tell your"
    " practice.",
    "offer-flare": "Your pain was strong for more than a day after each of your last two sessions. "
    "You can choose a smaller amount for some days. Please answer the safety questions again, too.",
}

WHY = {
    graded_activity.ADVANCE: "up",
    graded_activity.HOLD: "same",
    graded_activity.STEP_BACK: "down",
}


@dataclass(frozen=True)
class Sentence:
    """A sentence by its code, and what is put into it."""

    code: str
    values: Mapping[str, str] = field(default_factory=dict)

    @property
    def english(self) -> str:
        """As a program is told."""
        return ENGLISH[self.code] % self.values


def quota_sentence(state: State | None, measure: str, goal: Decimal, today: int) -> Sentence:
    """What to do today, and why it is that much; ``state`` is ``None`` before an aim is chosen."""
    if state is None:
        return Sentence("choose-aim")
    if state.phase == graded_activity.LOCKED:
        return Sentence("locked")
    if state.quota is None:
        if state.baseline.wide:
            return Sentence("fourth-try")
        return Sentence("tries", {"left": str(max(TRIES - state.tries, 1))})
    return Sentence(
        _why(state, state.quota >= goal, today),
        {"amount": number(state.quota), "measure": measure},
    )


def _why(state: State, at_goal: bool, today: int) -> str:
    if state.in_flare:
        return "flare"
    if state.after_gap:
        return "after-gap"
    if state.coming_back:
        return "way-back"
    if at_goal:
        return "at-goal"
    judged = [w for w in state.weeks if w.decision in WHY]
    if not judged:
        return "start" if not state.weeks else "go-on"
    newest = state.weeks[-1]
    # A week that was judged longer ago is no reason for what is today.
    lately = (
        newest.begins + graded_activity.WEEK <= today < newest.begins + 2 * graded_activity.WEEK
    )
    return WHY.get(newest.decision, "go-on") if lately else "go-on"


def ladder_sentence(ladder: Ladder, fewest: int, most: int) -> Sentence:
    """Which movement is next, and what to do with it."""
    if not ladder.complete:
        return Sentence("rate-ladder", {"fewest": str(fewest), "most": str(most)})
    if ladder.current is not None:
        codes = {
            graded_exposure.EASIER: "easier-rung",
            graded_exposure.STUCK: "stuck-rung",
        }
        return Sentence(codes.get(ladder.verdict, "try-rung"), {"item": ladder.current})
    waiting = [r.item for r in ladder.rungs if r.status != graded_exposure.DONE]
    if ladder.waits_for_provider:
        return Sentence("ask-practice", {"item": waiting[0]})
    return Sentence("ladder-done")


def week_sentence(week: Week) -> Sentence:
    """What a judged week means for the person."""
    values = {"met": str(min(week.met, week.planned)), "planned": str(week.planned)}
    return Sentence(f"week-{week.decision}", values)


def week_for_provider(week: Week, activity: str) -> str:
    """The same for a provider."""
    begins = date.fromordinal(week.begins)
    return (
        f"{activity}, week from {begins.isoformat()}: {week.met} of {week.planned} planned "
        f"sessions met; {week.decision}."
    )


def quota_for_provider(state: State | None, activity: str, measure: str, goal: Decimal) -> str:
    """A line for the provider's plan."""
    if state is None:
        return "No activity chosen yet."
    told = f"{activity}, goal {number(goal)} {measure}: "
    if state.phase == graded_activity.LOCKED:
        told += "locked by a safety hold"
    elif state.quota is None:
        told += f"{state.tries} of {TRIES} tries done"
    else:
        told += f"quota today {number(state.quota)}"
    more = [
        words
        for holds, words in (
            (state.in_flare, "in a flare-up"),
            (state.baseline.partial, "start rests on two tries"),
            (state.reached_goal, "goal reached"),
            (state.stuck, "stuck"),
        )
        if holds
    ]
    return "; ".join([told, *more]) + "."


def ladder_for_provider(ladder: Ladder) -> str:
    """A line for the provider's plan."""
    if not ladder.complete:
        return "Ladder not rated yet."
    done = sum(rung.status == graded_exposure.DONE for rung in ladder.rungs)
    told = f"{done} of {len(ladder.rungs)} movements done"
    if ladder.waits_for_provider:
        waiting = next(r.item for r in ladder.rungs if r.status != graded_exposure.DONE)
        told += f"; waits for your agreement: {waiting}"
    elif ladder.current is not None:
        told += f"; now: {ladder.current}"
    if ladder.verdict != graded_exposure.GO_ON:
        told += f" ({ladder.verdict})"
    return f"{told}."


def pacing_sentence(state: pacing.State) -> Sentence:
    """What to do by the clock, or the tries still to do."""
    if state.blocks is None:
        return Sentence("uptime-tries", {"left": str(pacing.TRIES - state.tries)})
    values = {"work": number(state.blocks.work), "rest": number(state.blocks.rest)}
    if state.success:
        return Sentence("blocks-even", values)
    up = bool(state.weeks) and state.weeks[-1].decision == pacing.ADVANCE
    return Sentence("blocks-up" if up else "blocks", values)


def pacing_week_sentence(week: pacing.Week) -> Sentence:
    """What a judged week of slices means for the person."""
    values = {"kept": number(week.kept), "planned": number(week.planned)}
    return Sentence(f"pacing-{week.decision}", values)


def pacing_week_for_provider(week: pacing.Week) -> str:
    """The same for a provider."""
    return (
        f"Pacing, week from {week.begins_on.isoformat()}: {number(week.kept)} of "
        f"{number(week.planned)} planned blocks kept; {week.decision}."
    )


def pacing_for_provider(state: pacing.State) -> str:
    """A line for the provider's plan."""
    if state.blocks is None:
        told = f"{state.tries} of {pacing.TRIES} uptime tries done"
    else:
        work, rest = number(state.blocks.work), number(state.blocks.rest)
        told = f"Blocks of {work} min work and {rest} min rest"
    if state.swings is not None:
        told += f"; {state.swings} boom-or-bust days in the last 7"
    if state.success:
        told += "; goal of the module reached"
    return f"{told}."


def sleep_sentence(rule: SleepRule, state: sleep.State) -> Sentence:
    """What to do about sleep; a window is named only where a provider has enabled it."""
    if state.suspended:
        return Sentence("sleep-suspended")
    if state.window.minutes is not None:
        return window_sentence(state.window.minutes)
    nights = {"nights": str(state.nights)}
    if state.enabled:
        return Sentence("sleep-window-soon", nights)
    if state.efficiency is None or state.nights < rule.diary_nights:
        return Sentence("sleep-diary", nights)
    code = "sleep-fair"
    if state.efficiency >= rule.longer_from:
        code = "sleep-good"
    elif state.efficiency < rule.shorter_below:
        code = "sleep-low"
    return Sentence(code, {"percent": f"{state.efficiency:.0f} %"})


def window_sentence(window: int) -> Sentence:
    """How long to spend in bed, in minutes."""
    hours, minutes = divmod(window, 60)
    return Sentence("sleep-window", {"hours": str(hours), "minutes": str(minutes)})


def sleep_for_provider(rule: SleepRule, state: sleep.State) -> str:
    """A line for the provider's plan."""
    told = f"{state.nights} of {rule.diary_nights} nights noted"
    if state.efficiency is not None:
        told += f"; efficiency {number(state.efficiency)} %"
    if state.suspended:
        told += "; time in bed suspended, sleepy by day"
    elif state.window.minutes is not None:
        hours, minutes = divmod(state.window.minutes, 60)
        told += f"; time in bed {hours} h {minutes} min"
    elif state.enabled:
        told += "; time in bed enabled, waits for the diary"
    else:
        told += "; restriction of time in bed is off"
    return f"{told}."


def number(amount: Decimal) -> str:
    """An amount without needless zeros."""
    return f"{amount.normalize():f}"
