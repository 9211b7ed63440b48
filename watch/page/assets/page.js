// Keeps the page live: the server says that there is a new version, and the sections that differ are replaced. Without
// this script the page is whole, and a reload shows what is new.
(() => {
  "use strict";
  const events = document.currentScript.dataset.events;
  const most = 30000; // after this time the page is read again whatever the stream says: "for 4m" grows
  let seen = "", reading = false, again = false, last = Date.now(), lost = false;

  const connection = () => document.getElementById("connection");
  const say = (text, isLost) => {
    const place = connection();
    lost = isLost;
    place.classList.toggle("lost", isLost);
    if (place.textContent !== text) place.textContent = text;
  };

  // Times are written in UTC; a reader wants those of the place where the reader is.
  const local = (root) => {
    for (const time of root.querySelectorAll("time")) {
      const at = new Date(time.dateTime);
      if (!isNaN(at) && !time.title) {
        time.title = time.textContent;
        time.textContent = at.toLocaleString(undefined, { day: "numeric", month: "short", year: "numeric", hour: "2-digit", minute: "2-digit", second: "2-digit" });
      }
    }
  };

  const replace = (fresh) => {
    const open = [...document.querySelectorAll("details[open]")].map((d) => d.id);
    const focused = document.activeElement;
    const key = focused && (focused.id ? "#" + CSS.escape(focused.id) : focused.href ? `a[href="${CSS.escape(focused.getAttribute("href"))}"]` : "");
    const section = focused && focused.closest("section");
    document.title = fresh.title;
    const now = document.querySelector("main"), next = fresh.querySelector("main");
    local(next);
    const ids = (root) => [...root.querySelectorAll("section")].map((s) => s.id).join();
    for (const id of open) {
      const details = id && next.querySelector("#" + CSS.escape(id));
      if (details) details.open = true;
    }
    const banner = (root) => root.querySelector("#banner-title") && root.querySelector("#banner-title").textContent;
    if (banner(now) !== banner(next) && banner(next)) say("Now: " + banner(next), false);
    if (ids(now) === ids(next)) {
      for (const part of next.querySelectorAll("section")) {
        const old = document.getElementById(part.id);
        if (old.outerHTML !== part.outerHTML) old.replaceWith(document.adoptNode(part));
      }
    } else {
      now.replaceChildren(...[...next.childNodes].map((n) => document.adoptNode(n)));
    }
    const written = fresh.getElementById("written");
    local(written);
    document.getElementById("written").replaceWith(document.adoptNode(written));
    if (key && section && !document.contains(focused)) {
      const same = document.querySelector(`#${CSS.escape(section.id)} ${key}`);
      if (same) same.focus({ preventScroll: true });
    }
  };

  const read = async () => {
    if (reading) { again = true; return; }
    reading = true;
    try {
      const answer = await fetch(location.href, { cache: "no-cache" });
      if (answer.ok) {
        replace(new DOMParser().parseFromString(await answer.text(), "text/html"));
        last = Date.now();
      }
    } catch {
      // The stream notices it too, and connects again.
    }
    reading = false;
    if (again) { again = false; read(); }
  };

  const connect = () => {
    const stream = new EventSource(events);
    stream.addEventListener("version", (event) => {
      if (lost || seen === "") say("Live", false);
      if (event.data !== seen) {
        if (seen !== "") read();
        seen = event.data;
      }
    });
    stream.onerror = () => {
      say("The connection is lost; trying again. What you see may be old.", true);
      if (stream.readyState === EventSource.CLOSED) setTimeout(connect, 5000);
    };
  };

  local(document);
  connect();
  setInterval(() => { if (Date.now() - last > most && !document.hidden && !lost) read(); }, 5000);
})();
