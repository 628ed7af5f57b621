"""Where a person stands in a graded activity, in the words of their own language."""

from __future__ import annotations

from collections.abc import Mapping

from backend.companion.speech import lazy_gettext
from backend.programme.words import Sentence

# The service speaks English, to a program; these are the same sentences, by their codes.
WORDS: Mapping[str, str] = {
    "choose-aim": lazy_gettext(
        "Choose one activity that leads towards your goal, and how much of it you want to do."
    ),
    "tries": lazy_gettext(
        "Tries still to do, each on another day: %(left)s. Stop when you normally would. "
        "From your tries comes your starting point."
    ),
    "fourth-try": lazy_gettext(
        "Your tries lie far apart. One more try gives a better starting point."
    ),
    "locked": lazy_gettext("Your programme waits until your practice has spoken with you."),
    "start": lazy_gettext(
        "Today: %(amount)s %(measure)s, then stop. It is a little below the average of your "
        "tries, so that you can meet it."
    ),
    "go-on": lazy_gettext(
        "Today: %(amount)s %(measure)s, then stop. Neither a good day nor a sore day changes it."
    ),
    "up": lazy_gettext(
        "Today: %(amount)s %(measure)s, then stop. You met your amount on enough days, so it "
        "went up a step."
    ),
    "same": lazy_gettext(
        "Today: %(amount)s %(measure)s, then stop. It stays as it is for one more week."
    ),
    "down": lazy_gettext(
        "Today: %(amount)s %(measure)s, then stop. It is a step lower, so that you can meet it "
        "again."
    ),
    "after-gap": lazy_gettext(
        "Today: %(amount)s %(measure)s, then stop. It is lower after the pause. That is part of "
        "the plan."
    ),
    "flare": lazy_gettext(
        "You have a flare-up. Today: %(amount)s %(measure)s. In small steps you then come back to "
        "your old amount."
    ),
    "at-goal": lazy_gettext("You are at your goal. Your amount to keep: %(amount)s %(measure)s."),
    "rate-ladder": lazy_gettext(
        "Write down %(fewest)s to %(most)s movements that you avoid, and rate each from 0 to 100."
    ),
    "ask-practice": lazy_gettext(
        "Please talk to your practice before you try this movement: %(item)s."
    ),
    "try-rung": lazy_gettext(
        "Your movement now: %(item)s. Write down what you expect, try it, and compare."
    ),
    "easier-rung": lazy_gettext(
        "Your movement now: %(item)s. The fear has not dropped yet, so add an easier movement to "
        "your list."
    ),
    "stuck-rung": lazy_gettext(
        "This movement stays hard: %(item)s. Your practice can help you with it."
    ),
    "ladder-done": lazy_gettext(
        "You have done every movement on your list. Rate them again to see what has changed."
    ),
}


def said(sentence: Sentence) -> str:
    """A sentence in the language of the page."""
    return str(WORDS[sentence.code]) % sentence.values
