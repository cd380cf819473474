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
  document.addEventListener("htmx:after:swap", (event) => { refresh(); showSide(event); });
  document.addEventListener("visibilitychange", () => { refresh(); if (!document.hidden) watch(); });
  showAlerts();
  showCrm();
  refresh();
  setInterval(tick, 250);
  setInterval(watch, 2000);
})();
