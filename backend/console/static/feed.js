// The feed's page hears of changes as they happen. What stands on the page keeps its place: only the
// words of a card's state change under the reader's eyes, and what is new or gone waits for a press.
(() => {
  "use strict";
  const news = document.getElementById("news");
  if (!news || !window.EventSource) return;
  const changed = new Set();
  let waiting = null;

  const cards = (from) =>
    new Map([...from.querySelectorAll("[data-alert]")].map((card) => [card.dataset.alert, card]));

  const say = (number) => {
    if (!number) return;
    let link = news.querySelector("a");
    if (!link) {
      news.textContent = "";
      link = document.createElement("a");
      link.className = "button";
      link.href = location.href;
      news.append(link);
    }
    link.textContent = number === 1 ? "Show 1 change" : `Show ${number} changes`;
  };

  const look = async () => {
    waiting = null;
    const answer = await fetch(news.dataset.page, { headers: { Accept: "text/html" } });
    if (answer.redirected || !answer.ok) {
      location.reload();
      return;
    }
    const now = cards(new DOMParser().parseFromString(await answer.text(), "text/html"));
    const here = cards(document);
    for (const [id, card] of here) {
      const state = card.querySelector("[data-state]");
      const fresh = now.get(id)?.querySelector("[data-state]");
      // Fewer words must not let the cards below move up.
      state.style.minHeight = `${state.getBoundingClientRect().height}px`;
      if (fresh && fresh.textContent !== state.textContent) state.replaceChildren(...fresh.childNodes);
      if (!fresh) state.textContent = "Closed, or no longer on this page.";
      const form = card.querySelector(".next form");
      const stands = now.get(id)?.querySelector(".next form");
      // It keeps its room: what stands below stays where it is.
      if (form && !stands && !form.contains(document.activeElement)) form.style.visibility = "hidden";
    }
    // What is neither here nor would be here, such as a colleague's on the page of mine, is no news.
    say([...changed].filter((id) => here.has(id) || now.has(id)).length);
  };

  const hear = (event) => {
    changed.add(JSON.parse(event.data).alert_id);
    waiting ??= setTimeout(look, 300);
  };

  const stream = new EventSource(news.dataset.stream);
  for (const name of news.dataset.events.split(" ")) stream.addEventListener(name, hear);
  stream.addEventListener("open", () => {
    document.getElementById("live").hidden = false;
  });
  // The browser comes back by itself after a lost connection, and tells its last place; it gives up
  // only where it was refused: the session has ended.
  stream.addEventListener("error", () => {
    if (stream.readyState === EventSource.CLOSED) location.reload();
  });
})();
