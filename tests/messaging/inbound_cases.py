"""What people may text us, and what becomes of it: the table of ``docs/inbound.md``.

``python -m tests.messaging.inbound_cases`` prints the table anew.
"""

from __future__ import annotations

from dataclasses import dataclass

from tests.doc_tables import shown

HEAD = ("Language", "Who writes", "Text", "What happens", "Answer")
HEADING = "What happens to each text"

KEPT = "kept"
ENDS = "texts end; kept"
DANGER = "tier 1 alert; kept"
TO_PRACTICE = "tier 2 alert; kept"
WRONG = "texts end; links void; tier 3 alert; kept"


@dataclass(frozen=True)
class Case:
    """A text of somebody, what happens, and the template of the answer (none: silence)."""

    language: str
    who: str
    text: str
    happens: str
    answer: str = ""

    @property
    def row(self) -> tuple[str, ...]:
        text = self.text.replace("|", "\\|").replace("\n", " ")
        answer = f"`{self.answer}`" if self.answer else "none"
        return (self.language, self.who, f"`{text}`", self.happens, answer)


PATIENT = "a patient"
OPTED_OUT = "a patient who said stop"
STRANGER = "a stranger"
SHARED = "one of two on a phone"
ASKED = "a patient who was asked by text"
ASKED_TWO = "one of two who were asked by text"
BY_LINK = "a patient who was sent a link"
HALF = "a patient who has said 4 so far"
DONE = "a patient who has answered"
LATE = "a patient whose week has closed"
LONGER = "a patient in week 3"
TAKEN = "answers taken; kept"

CASES = (
    # Stop
    Case("en", PATIENT, "STOP", ENDS),
    Case("en", PATIENT, " stop!! 👋", ENDS),
    Case("en", PATIENT, "S.T.O.P", ENDS),
    Case("en", PATIENT, "Please stop texting me", ENDS),
    Case("en", PATIENT, "I don’t want any more messages, thanks", ENDS),
    Case("en", PATIENT, "take me off your list", ENDS),
    Case("nl", PATIENT, "Hou op met sms'en", ENDS),
    Case("nl", PATIENT, "Stuur me geen berichten meer aub", ENDS),
    Case("nl", PATIENT, "Afmelden", ENDS),
    Case("es", PATIENT, "No más", ENDS),
    Case("es", PATIENT, "Por favor, no me escriban más", ENDS),
    Case("es", PATIENT, "Quiero darme de baja", ENDS),
    Case("en", STRANGER, "STOP", "texts end"),
    Case("en", SHARED, "stop", ENDS),
    Case("nl", PATIENT, "STOP", ENDS),
    Case("nl", PATIENT, "Stop maar, bedankt", ENDS),
    Case("nl", PATIENT, "uitschrijven aub", ENDS),
    Case("nl", PATIENT, "Laat me met rust!", ENDS),
    Case("nl", PATIENT, "Verwijder mijn nummer", ENDS),
    Case("es", PATIENT, "STOP", ENDS),
    Case("es", PATIENT, "¡Basta ya!", ENDS),
    Case("es", PATIENT, "Dejen de escribirme", ENDS),
    Case("es", PATIENT, "No quiero más mensajes, gracias", ENDS),
    Case("es", PATIENT, "Borren mi número", ENDS),
    Case("nl", SHARED, "stop", ENDS),
    Case("es", SHARED, "parar", ENDS),
    # What may be a stop
    Case("en", PATIENT, "Too many texts, this is annoying", TO_PRACTICE, "maybe-stop"),
    Case("nl", PATIENT, "Nee bedankt", TO_PRACTICE, "maybe-stop"),
    Case("es", PATIENT, "BAJA", TO_PRACTICE, "maybe-stop"),
    Case("nl", PATIENT, "Zoveel berichten is echt te veel", TO_PRACTICE, "maybe-stop"),
    Case("es", PATIENT, "Son demasiados mensajes", TO_PRACTICE, "maybe-stop"),
    # No stop at all
    Case("en", PATIENT, "I can't stop the pain", KEPT, "not-read"),
    Case("en", PATIENT, "When does it stop?", KEPT, "not-read"),
    Case("en", PATIENT, "Please don't stop texting me", KEPT, "not-read"),
    Case("nl", PATIENT, "Ik wil geen berichten missen", KEPT, "not-read"),
    Case("es", PATIENT, "No puedo parar de toser", KEPT, "not-read"),
    Case("nl", PATIENT, "Ik wil niet stoppen met lopen", KEPT, "not-read"),
    Case("es", PATIENT, "No me dejen solo con esto", KEPT, "not-read"),
    # Start and help
    Case("en", OPTED_OUT, "START", "texts come again; kept"),
    Case("en", PATIENT, "Help!", KEPT, "help"),
    Case("nl", PATIENT, "Wie is dit?", KEPT, "help"),
    Case("es", PATIENT, "Ayuda", KEPT, "help"),
    Case("en", STRANGER, "HELP", "nothing", "help"),
    Case("nl", OPTED_OUT, "START", "texts come again; kept"),
    Case("es", OPTED_OUT, "START", "texts come again; kept"),
    Case("nl", PATIENT, "Hulp", KEPT, "help"),
    Case("es", PATIENT, "¿Quién es?", KEPT, "help"),
    # A number that is another person's by now
    Case("en", PATIENT, "Wrong number", WRONG, "wrong-number"),
    Case("en", PATIENT, "Not me", WRONG, "wrong-number"),
    Case("nl", PATIENT, "Verkeerd nummer, sorry", WRONG, "wrong-number"),
    Case("es", PATIENT, "Número equivocado", WRONG, "wrong-number"),
    Case("nl", PATIENT, "Dat ben ik niet", WRONG, "wrong-number"),
    Case("es", PATIENT, "No los conozco", WRONG, "wrong-number"),
    # Danger
    Case("en", PATIENT, "I want to die", DANGER, "danger-self-harm"),
    Case("en", PATIENT, "4 6 3 but I can't feel my legs", DANGER, "danger"),
    Case("en", PATIENT, "Stop texting me, I will kill myself", f"texts end; {DANGER}",
         "danger-self-harm"),
    Case("en", OPTED_OUT, "chest pain since this morning", DANGER, "danger"),
    Case("nl", PATIENT, "Ik wil niet meer leven", DANGER, "danger-self-harm"),
    Case("nl", PATIENT, "Ik heb in mijn broek geplast", DANGER, "danger"),
    Case("es", PATIENT, "No siento las piernas", DANGER, "danger"),
    Case("es", PATIENT, "No quiero vivir así", DANGER, "danger-self-harm"),
    Case("nl", PATIENT, "I wet myself", DANGER, "danger"),
    Case("nl", PATIENT, "Was ik maar dood", DANGER, "danger-self-harm"),
    Case("nl", OPTED_OUT, "Ik ga zelfmoord plegen", DANGER, "danger-self-harm"),
    Case("es", PATIENT, "Quiero morirme", DANGER, "danger-self-harm"),
    Case("es", OPTED_OUT, "Voy a matarme", DANGER, "danger-self-harm"),
    Case("nl", SHARED, "zelfmoord", "tier 1 alert for each; kept", "danger-self-harm"),
    Case("es", SHARED, "suicidio", "tier 1 alert for each; kept", "danger-self-harm"),
    Case("en", SHARED, "suicide", "tier 1 alert for each; kept", "danger-self-harm"),
    Case("en", STRANGER, "I want to end my life", "nothing", "danger-unknown"),
    # Answers to a check-in
    Case("en", ASKED, "4 6 3", TAKEN, "answer-done"),
    Case("nl", ASKED, "4,6,3", TAKEN, "answer-done"),
    Case("es", ASKED, "4/6/3", TAKEN, "answer-done"),
    Case("en", ASKED, "463", TAKEN, "answer-done"),
    Case("en", ASKED, "4/10, 6/10, 3/10", TAKEN, "answer-done"),
    Case("nl", ASKED, "vier zes drie", TAKEN, "answer-done"),
    Case("es", ASKED, "cuatro, seis y tres. Gracias", TAKEN, "answer-done"),
    Case("en", ASKED, "4️⃣ 6️⃣ 3️⃣", TAKEN, "answer-done"),
    Case("en", ASKED, "4", KEPT, "answer-next"),
    Case("en", HALF, "6", KEPT, "answer-next"),
    Case("en", HALF, "6 3", TAKEN, "answer-done"),
    Case("en", HALF, "5 6 3", TAKEN, "answer-done"),
    Case("en", HALF, "5 not 4", KEPT, "answer-next"),
    Case("en", ASKED, "4 11 3", KEPT, "answer-unclear"),
    Case("en", ASKED, "4 6 3 2", KEPT, "answer-unclear"),
    Case("en", ASKED, "4.5 6 3", KEPT, "answer-unclear"),
    Case("nl", ASKED, "pijn 4 rest 6", KEPT, "answer-unclear"),
    Case("es", ASKED, "entre 4 y 6", KEPT, "answer-unclear"),
    Case("nl", ASKED, "4 6 3", TAKEN, "answer-done"),
    Case("nl", ASKED, "463", TAKEN, "answer-done"),
    Case("nl", ASKED, "10 0 10", TAKEN, "answer-done"),
    Case("nl", ASKED, "4", KEPT, "answer-next"),
    Case("nl", HALF, "6", KEPT, "answer-next"),
    Case("nl", HALF, "6 3", TAKEN, "answer-done"),
    Case("nl", HALF, "5 6 3", TAKEN, "answer-done"),
    Case("nl", ASKED, "4 11 3", KEPT, "answer-unclear"),
    Case("nl", ASKED, "4 6 3 2", KEPT, "answer-unclear"),
    Case("es", ASKED, "4 6 3", TAKEN, "answer-done"),
    Case("es", ASKED, "463", TAKEN, "answer-done"),
    Case("es", ASKED, "10 0 10", TAKEN, "answer-done"),
    Case("es", ASKED, "4", KEPT, "answer-next"),
    Case("es", HALF, "6", KEPT, "answer-next"),
    Case("es", HALF, "6 3", TAKEN, "answer-done"),
    Case("es", HALF, "5 6 3", TAKEN, "answer-done"),
    Case("es", ASKED, "4 11 3", KEPT, "answer-unclear"),
    Case("es", ASKED, "4 6 3 2", KEPT, "answer-unclear"),
    Case("nl", ASKED, "4,5 6 3", KEPT, "answer-unclear"),
    Case("es", ASKED, "4,5 6 3", KEPT, "answer-unclear"),
    Case("nl", HALF, "5 niet 4", KEPT, "answer-next"),
    Case("es", HALF, "5 no 4", KEPT, "answer-next"),
    Case("nl", ASKED, "het gaat wel", KEPT, "not-read"),
    Case("es", ASKED, "un poco mejor", KEPT, "not-read"),
    Case("nl", ASKED, "4 6 3 en ik wil dood", DANGER, "danger-self-harm"),
    Case("es", ASKED, "4 6 3 y quiero morir", DANGER, "danger-self-harm"),
    Case("nl", ASKED, "stop", ENDS),
    Case("es", ASKED, "no más", ENDS),
    Case("en", ASKED, "a bit better", KEPT, "not-read"),
    Case("en", ASKED, "4 6 3 and I want to die", DANGER, "danger-self-harm"),
    Case("en", ASKED, "stop", ENDS),
    Case("en", ASKED_TWO, "4 6 3", KEPT, "answer-who"),
    Case("en", ASKED_TWO, "A 4 6 3", TAKEN, "answer-done"),
    Case("en", ASKED_TWO, "z463", KEPT, "answer-who"),
    Case("nl", ASKED_TWO, "4 6 3", KEPT, "answer-who"),
    Case("nl", ASKED_TWO, "a463", TAKEN, "answer-done"),
    Case("es", ASKED_TWO, "4 6 3", KEPT, "answer-who"),
    Case("es", ASKED_TWO, "A: 4, 6, 3", TAKEN, "answer-done"),
    Case("en", DONE, "5 6 3", KEPT, "answer-twice"),
    Case("nl", LATE, "4 6 3", KEPT, "answer-closed"),
    Case("en", LONGER, "4 6 3", KEPT, "answer-longer"),
    Case("en", BY_LINK, "4 6 3", KEPT, "not-read"),
    Case("nl", DONE, "5 6 3", KEPT, "answer-twice"),
    Case("es", DONE, "5 6 3", KEPT, "answer-twice"),
    Case("es", LATE, "4 6 3", KEPT, "answer-closed"),
    Case("nl", LONGER, "4 6 3", KEPT, "answer-longer"),
    Case("es", LONGER, "4 6 3", KEPT, "answer-longer"),
    Case("nl", BY_LINK, "4 6 3", KEPT, "not-read"),
    Case("es", BY_LINK, "4 6 3", KEPT, "not-read"),
    # All else
    Case("en", PATIENT, "Can I see Dr Jones on Friday?", KEPT, "not-read"),
    Case("nl", PATIENT, "Het gaat wat beter met mijn rug", KEPT, "not-read"),
    Case("es", PATIENT, "Hoy he caminado mucho", KEPT, "not-read"),
    Case("en", PATIENT, "Thanks 👍", KEPT),
    Case("nl", PATIENT, "Dankjewel!", KEPT),
    Case("es", PATIENT, "Muchas gracias", KEPT),
    Case("en", OPTED_OUT, "Can I see Dr Jones?", KEPT),
    Case("en", STRANGER, "Hello?", "nothing"),
)  # fmt: skip


def table() -> str:
    """The table as it stands in the page."""
    return shown(HEAD, [case.row for case in CASES])


if __name__ == "__main__":
    print(table())
