/* The agent's page: clocks that run, receipts for what was painted, the tab's title, and whether the link lives. */
"use strict";

(() => {
  const live = document.getElementById("live");
  const silenceMs = Math.max(5000, 2500 * Number(live.dataset.beatS)); // two beats may be lost
  const side = document.getElementById("side");
  const linkDown = document.getElementById("link-down");
  const putAside = document.getElementById("put-aside");
  const announce = document.getElementById("announce");
  const alerts = document.getElementById("alerts");
  const crmTab = document.getElementById("crm-tab");
  const crmBlocked = document.getElementById("crm-blocked");
  const quietTitle = document.title;
  const confirmed = new Set();
  const bases = new WeakMap();
  let connection = null;
  let heardAt = performance.now();
  let ringingBefore = "";
  let asleep = false;
  let asking = false;

  /* Clocks */
  const pad = (value) => String(value).padStart(2, "0");
  const clock = (seconds) => {
    const whole = Math.max(0, Math.floor(seconds));
    const [hours, minutes, rest] = [Math.floor(whole / 3600), Math.floor((whole % 3600) / 60), whole % 60];
    return hours ? `${hours}:${pad(minutes)}:${pad(rest)}` : `${minutes}:${pad(rest)}`;
  };
  const tick = () => {
    const now = performance.now();
    for (const element of document.querySelectorAll(".ticker")) {
      const given = element.dataset.seconds;
      let base = bases.get(element);
      if (!base || base.given !== given) {
        base = { given, at: now };
        bases.set(element, base);
      }
      const text = clock(Number(given) + (now - base.at) / 1000);
      if (element.textContent !== text) element.textContent = text;
    }
  };

  /* Receipts: only for what a person can have seen */
  const confirmShown = () => {
    if (document.visibilityState !== "visible") return;
    for (const card of live.querySelectorAll("[data-pop]")) {
      const pop = card.dataset.pop;
      if (confirmed.has(pop)) continue;
      confirmed.add(pop);
      fetch("/desk/shown", { method: "POST", body: new URLSearchParams({ pop }), keepalive: true })
        .then((answer) => { if (!answer.ok) confirmed.delete(pop); })
        .catch(() => confirmed.delete(pop));
    }
  };
  const afterPaint = (work) => requestAnimationFrame(() => requestAnimationFrame(work));

  /* Title, announcement, sound and notification */
  const beep = () => {
    const context = new AudioContext();
    const gain = context.createGain();
    gain.gain.setValueAtTime(0.0001, context.currentTime);
    gain.gain.exponentialRampToValueAtTime(0.2, context.currentTime + 0.03);
    gain.gain.exponentialRampToValueAtTime(0.0001, context.currentTime + 0.5);
    gain.connect(context.destination);
    for (const [start, pitch] of [[0, 880], [0.18, 1175]]) {
      const tone = context.createOscillator();
      tone.frequency.value = pitch;
      tone.connect(gain);
      tone.start(context.currentTime + start);
      tone.stop(context.currentTime + start + 0.16);
    }
    setTimeout(() => context.close(), 1000);
  };
  const alertsOn = () => localStorage.getItem("offhook-alerts") === "on";
  const raiseAlarm = (news) => {
    if (!alertsOn() || news.dataset.leads !== "yes") return;
    beep();
    if (document.hidden && "Notification" in window && Notification.permission === "granted") {
      const note = new Notification(news.dataset.headline, { body: `${news.dataset.number} ${news.dataset.detail}`, tag: "offhook" });
      note.onclick = () => { window.focus(); note.close(); };
    }
  };
  const tellNews = () => {
    const news = document.getElementById("news");
    if (!news) return;
    const { ringing, headline, detail, number } = news.dataset;
    document.title = ringing ? `☎ ${headline}` : quietTitle;
    if (ringing !== ringingBefore) {
      const before = new Set(ringingBefore.split(" "));
      const fresh = ringing.split(" ").some((pop) => pop && !before.has(pop));
      announce.textContent = ringing ? `Ringing: ${headline}, ${number}, ${detail}` : "";
      if (fresh) {
        window.scrollTo({ top: 0 });
        raiseAlarm(news);
      }
      ringingBefore = ringing;
    }
  };
  /* The CRM's own page, in one tab for all calls. Not while this agent talks: it would take his page away. */
  const crmName = "offhook-crm";
  const crmOn = () => crmTab !== null && localStorage.getItem("offhook-crm-tab") === "on";
  const openCrm = (url) => { crmBlocked.hidden = Boolean(window.open(url, crmName)); };
  const popCrm = () => {
    const news = document.getElementById("news");
    if (!crmOn() || !news || news.dataset.leads !== "yes") return;
    if (live.querySelector("[data-phase=talking], [data-phase=held]")) return;
    const card = live.querySelector("[data-phase=offered][data-url]");
    if (!card) return;
    const mark = `${card.dataset.pop} ${card.dataset.url}`;
    if (sessionStorage.getItem(crmName) === mark) return;
    sessionStorage.setItem(crmName, mark);
    openCrm(card.dataset.url);
  };
  const showCrm = () => {
    if (!crmTab) return;
    crmTab.textContent = crmOn() ? "CRM tab on" : "CRM tab off";
    crmTab.setAttribute("aria-pressed", String(crmOn()));
    crmTab.hidden = false;
  };
  crmTab?.addEventListener("click", () => {
    localStorage.setItem("offhook-crm-tab", crmOn() ? "off" : "on");
    if (crmOn()) openCrm("about:blank");
    showCrm();
    popCrm();
  });

  const showAlerts = () => {
    alerts.textContent = alertsOn() ? "Sound on" : "Sound off";
    alerts.setAttribute("aria-pressed", String(alertsOn()));
    alerts.hidden = false;
  };
  alerts.addEventListener("click", () => {
    localStorage.setItem("offhook-alerts", alertsOn() ? "off" : "on");
    if (alertsOn()) {
      beep();
      if ("Notification" in window && Notification.permission === "default") Notification.requestPermission();
    }
    showAlerts();
  });

  /* The link */
  const heard = () => {
    heardAt = performance.now();
    linkDown.hidden = true;
  };
  const lost = () => { if (!asleep) linkDown.hidden = false; };
  const startAnew = () => {
    // Only when the server itself answers: a reload without it would leave the browser's own error page.
    if (asking) return;
    asking = true;
    fetch("/desk", { method: "HEAD", cache: "no-store", signal: AbortSignal.timeout(5000) })
      .then((answer) => { if (answer.status < 500) location.reload(); })
      .catch(() => {})
      .finally(() => { asking = false; });
  };
  const watch = () => {
    if (asleep || performance.now() - heardAt < silenceMs) return;
    lost();
    if (connection) connection.reader?.cancel();
    else startAnew();
  };
  const sleep = () => {
    asleep = true;
    linkDown.hidden = true;
    putAside.hidden = false;
    live.inert = true;
    live.classList.add("asleep");
  };
  live.addEventListener("htmx:sse:after:connection", (event) => { connection = event.detail.connection; heard(); });
  live.addEventListener("htmx:sse:after:message", heard);
  live.addEventListener("beat", heard);
  live.addEventListener("displaced", sleep);
  live.addEventListener("htmx:sse:error", (event) => {
    lost();
    if ([401, 403, 421].includes(event.detail.status)) location.reload();
  });
  live.addEventListener("htmx:sse:before:connection", (event) => { if (event.detail.connection.attempt > 0) lost(); });
  live.addEventListener("htmx:sse:close", () => { connection = null; lost(); });
  document.getElementById("wake").addEventListener("click", () => location.reload());

  /* Notes: what is typed stays in this browser until the server says that it has it */
  const draftsName = "offhook-drafts";
  const [settledMs, forgottenMs, retryMs] = [2000, 7 * 86400e3, 10000];
  const unsaved = new Map();
  const readDrafts = () => {
    try { return JSON.parse(localStorage.getItem(draftsName)) ?? {}; } catch { return {}; }
  };
  const keepDraft = (ticket, draft) => {
    const { [ticket]: _, ...drafts } = readDrafts();
    if (draft) drafts[ticket] = draft;
    localStorage.setItem(draftsName, JSON.stringify(drafts));
  };
  const notesOf = (ticket) =>
    [...document.querySelectorAll("form[data-note]")].filter((form) => form.elements.ticket.value === ticket);
  const saved = (ticket) => { unsaved.delete(ticket); keepDraft(ticket, null); };
  const noteTyped = (event) => {
    const form = event.target.closest?.("form[data-note]");
    if (!form) return;
    const { ticket, pop, note, disposition, edit } = form.elements;
    edit.value = String(Number(edit.value) + 1);
    form.querySelector(".note-state").textContent = "…";
    keepDraft(ticket.value, { pop: pop.value, note: note.value, disposition: disposition.value, at: Date.now() });
    unsaved.set(ticket.value, Infinity);
    for (const twin of notesOf(ticket.value)) {
      if (twin !== form) [twin.elements.note.value, twin.elements.disposition.value] = [note.value, disposition.value];
    }
  };
  const noteAnswered = (event) => {
    const form = event.detail.ctx?.target?.closest?.("form[data-note]");
    const answer = form?.querySelector("[data-saved], [data-again]");
    if (!answer) return;
    if ("again" in answer.dataset) unsaved.set(form.elements.ticket.value, Date.now() + retryMs);
    else if (answer.dataset.saved === form.elements.edit.value) saved(form.elements.ticket.value);
  };
  const noteFailed = (event) => {
    const form = event.target.closest?.("form[data-note]");
    if (!form) return;
    form.querySelector(".note-state").textContent = "Not saved yet. Trying again …";
    unsaved.set(form.elements.ticket.value, Date.now() + settledMs);
  };
  const sendDraft = (ticket, draft) => {
    const { note, disposition, at } = draft;
    const forms = notesOf(ticket);
    for (const { elements } of forms) [elements.note.value, elements.disposition.value] = [note, disposition];
    const pop = forms.length ? forms[0].elements.pop.value : draft.pop;
    unsaved.set(ticket, Date.now() + retryMs);
    fetch("/desk/note", { method: "POST", body: new URLSearchParams({ ticket, pop, note, disposition }) })
      .then((answer) => answer.text())
      .then((text) => {
        if (!text.includes("data-saved") || readDrafts()[ticket]?.at !== at) return;
        saved(ticket);
        for (const form of notesOf(ticket)) form.querySelector(".note-state").textContent = "saved";
      })
      .catch(() => {});
  };
  const sendAgain = () => {
    const drafts = readDrafts();
    for (const [ticket, due] of unsaved) {
      if (!drafts[ticket]) unsaved.delete(ticket);
      else if (Date.now() >= due || !notesOf(ticket).length) sendDraft(ticket, drafts[ticket]);
    }
  };
  const sendLeftOver = () => {
    // A page that died left these. What is younger may be typed in another tab just now.
    for (const [ticket, draft] of Object.entries(readDrafts())) {
      if (Date.now() - draft.at > forgottenMs) keepDraft(ticket, null);
      else if (Date.now() - draft.at > settledMs) sendDraft(ticket, draft);
    }
  };
  document.addEventListener("input", noteTyped, true);
  document.addEventListener("htmx:error", noteFailed);
  document.addEventListener("htmx:response:error", noteFailed);

  /* The panel at the side */
  const closeSide = () => { side.replaceChildren(); };
  document.addEventListener("click", (event) => { if (event.target.closest("[data-close-side]")) closeSide(); });
  document.addEventListener("keydown", (event) => { if (event.key === "Escape") closeSide(); });
  const showSide = (event) => {
    if (!side.contains(event.detail.ctx?.target ?? null) || event.detail.ctx.target !== side) return;
    side.scrollIntoView({ block: "nearest" });
    (side.querySelector("[data-focus]") ?? side).focus({ preventScroll: true });
  };

  const refresh = () => {
    tick();
    tellNews();
    popCrm();
    afterPaint(confirmShown);
  };
  document.addEventListener("htmx:after:swap", (event) => { refresh(); showSide(event); noteAnswered(event); });
  document.addEventListener("visibilitychange", () => { refresh(); if (!document.hidden) watch(); });
  showAlerts();
  showCrm();
  refresh();
  sendLeftOver();
  setInterval(sendAgain, 1000);
  setInterval(tick, 250);
  setInterval(watch, 2000);
})();
