"""Where a person stands in a graded activity, in the words of their own language."""

from __future__ import annotations

from collections.abc import Mapping

import flask_babel

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
    "way-back": lazy_gettext(
        "Today: %(amount)s %(measure)s, then stop. After the flare-up you come back to your old "
        "amount step by step."
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
    "offer-flare": lazy_gettext(
        "Your pain was strong for more than a day after each of your last two sessions. You can "
        "choose a smaller amount for some days. Please answer the safety questions again, too."
    ),
    "uptime-tries": lazy_gettext(
        "Time one activity until the pain first clearly goes up, then stop. Tries still to "
        "do: %(left)s."
    ),
    "blocks": lazy_gettext(
        "Your slices for now: %(work)s minutes of work, then %(rest)s minutes of rest. Stop by the "
        "clock, while you still feel fine."
    ),
    "blocks-up": lazy_gettext(
        "You kept to your slices, so your work time went up. Now: %(work)s minutes of work, then "
        "%(rest)s minutes of rest."
    ),
    "blocks-even": lazy_gettext(
        "Your days have become more even. Your slices for now: %(work)s minutes of work, then "
        "%(rest)s minutes of rest."
    ),
    "sleep-diary": lazy_gettext(
        "Fill in your sleep diary each morning. Nights noted in the last 7 days: %(nights)s."
    ),
    "sleep-low": lazy_gettext(
        "You slept for about %(percent)s of your time in bed. Get up at the same time "
        "every day. If you lie awake for about 20 minutes, leave the bed or sit up until you "
        "feel sleepy."
    ),
    "sleep-fair": lazy_gettext(
        "You slept for about %(percent)s of your time in bed. Keep your rising time, and go to "
        "bed when you feel sleepy."
    ),
    "sleep-good": lazy_gettext(
        "You slept for about %(percent)s of your time in bed. That is a good share. Keep your "
        "rising time."
    ),
    "sleep-window": lazy_gettext(
        "Agreed with your practice: %(hours)s hours and %(minutes)s minutes in bed for now. Keep "
        "your rising time and go to bed later. Do not drive when you feel sleepy."
    ),
    "sleep-window-soon": lazy_gettext(
        "Your practice has agreed a set time in bed with you. It begins after 7 nights in your "
        "diary. Nights noted in the last 7 days: %(nights)s."
    ),
    "sleep-suspended": lazy_gettext(
        "You were very sleepy by day, so your set time in bed is paused. Sleep as long as you"
        " need, do not drive while you feel sleepy, and tell your practice."
    ),
}


def said_in(sentence: Sentence, language: str) -> str:
    """A sentence in a language, whatever that of the request is."""
    with flask_babel.force_locale(language):
        return said(sentence)


def said(sentence: Sentence) -> str:
    """A sentence in the language of the page."""
    return str(WORDS[sentence.code]) % sentence.values
