"use strict";

// Everything that comes from the hub is shown as text: nothing here makes markup from it.

const STATES_AT_WORK = ["assigned", "running"];
const STATES_WAITING = ["queued", "scheduled"];
const MARKS = { working: "busy", idle: "idle", draining: "warn", drained: "warn", stale: "bad", offline: "gone" };
const AGENTS = 50;
const LEAST_MS = 1_000; // between two looks, however much happens
const MOST_MS = 15_000; // between two looks, when nothing happens
const POLL = { "Corral-Poll": "1" }; // what the page asks by itself keeps no session alive
const FIRST_WAIT_MS = 500;
const LONGEST_WAIT_MS = 15_000;

const at = (id) => document.getElementById(id);
const number = new Intl.NumberFormat();
let csrf = "";
let stop = null; // ends the watch that runs
let acted = true; // the person did something that the hub does not know of

function make(tag, text, kind) {
  const made = document.createElement(tag);
  if (text !== undefined) made.textContent = text;
  if (kind) made.className = kind;
  return made;
}

function say(text, is) {
  if (at("live").textContent === text) return;
  at("live").textContent = text;
  at("live").dataset.is = is;
}

class Refused extends Error {
  constructor(status, code, message) {
    super(message);
    this.status = status;
    this.code = code;
  }
}

async function ask(method, path, body) {
  const headers = { Accept: "application/json" };
  if (body) headers["Content-Type"] = "application/json";
  if (method !== "GET" && csrf) headers["X-Corral-CSRF"] = csrf;
  if (method === "GET" && !acted) Object.assign(headers, POLL);
  acted = false;
  const answer = await fetch(path, { method, headers, body: body && JSON.stringify(body), cache: "no-store" });
  const told = answer.status === 204 ? null : await answer.json().catch(() => null);
  if (answer.ok) return told;
  const problem = told?.error ?? {};
  throw new Refused(answer.status, problem.code, problem.message ?? `The hub answered ${answer.status}.`);
}

const get = (path) => ask("GET", `/api/v1${path}`);

// Coming and going

async function begin() {
  const code = /^#code=(.+)$/.exec(location.hash)?.[1];
  // The code is good once, and no history or screenshot should hold it.
  if (code) history.replaceState(null, "", location.pathname);
  try {
    enter(code ? await logIn({ code: decodeURIComponent(code) }) : await get("/session"));
  } catch (error) {
    leave(code || (error.status !== 401 && error.status !== 404) ? error.message : "");
  }
}

const logIn = (secret) => ask("POST", "/api/v1/session", secret);

function enter(session) {
  csrf = session.csrf;
  at("who").textContent = session.principal === session.role ? session.role : `${session.principal} (${session.role})`;
  at("logout").hidden = false;
  at("door").hidden = true;
  at("why").textContent = "";
  at("token").value = "";
  at("fleet").hidden = false;
  watch();
}

function leave(why) {
  stop?.();
  csrf = "";
  at("fleet").hidden = true;
  at("logout").hidden = true;
  at("who").textContent = "";
  at("door").hidden = false;
  at("why").textContent = why;
  say("Not logged in", "out");
  at("token").focus();
}

at("login").addEventListener("submit", async (event) => {
  event.preventDefault();
  try {
    enter(await logIn({ token: at("token").value.trim() }));
  } catch (error) {
    leave(error.message);
  }
});

at("logout").addEventListener("click", async () => {
  try {
    await ask("DELETE", "/api/v1/session");
    leave("");
  } catch (error) {
    leave(`You may still be logged in: ${error.message}`);
  }
});

// Following the hub: its events say that something changed, and then the numbers are asked for.

function watch() {
  stop?.();
  const ended = new AbortController();
  stop = () => ended.abort();
  follow(ended.signal);
}

async function follow(signal) {
  let wait = FIRST_WAIT_MS;
  while (!signal.aborted) {
    try {
      const answer = await fetch("/api/v1/events/stream", { headers: POLL, signal, cache: "no-store" });
      if (answer.status === 401) return leave("Your session has ended. Log in again.");
      if (!answer.ok) throw new Error(`The hub answered ${answer.status}.`);
      wait = FIRST_WAIT_MS;
      await listen(answer.body.getReader(), signal);
      if (!signal.aborted) say("Reconnecting", "broken");
    } catch (error) {
      if (signal.aborted) return;
      if (error.status === 401) return leave("Your session has ended. Log in again.");
      say("Reconnecting", "broken");
    }
    await pause(wait * (0.5 + Math.random() / 2), signal);
    wait = Math.min(2 * wait, LONGEST_WAIT_MS);
  }
}

async function listen(reader, signal) {
  let heard = true;
  let over = false;
  let wake = () => {};
  const reading = (async () => {
    try {
      for (let part = await reader.read(); !part.done; part = await reader.read()) {
        heard = true;
        wake();
      }
    } catch {
      // The connection broke, which ends the stream like any other end.
    }
    over = true;
    wake();
  })();
  try {
    while (!over && !signal.aborted) {
      heard = false;
      await look();
      await pause(LEAST_MS, signal);
      if (heard || over) continue;
      await new Promise((resolve) => { wake = resolve; setTimeout(resolve, MOST_MS); });
    }
    await reading;
  } finally {
    reader.cancel().catch(() => {}); // nothing to cancel where it broke
  }
}

const pause = (ms, signal) => new Promise((resolve) => {
  setTimeout(resolve, ms);
  signal.addEventListener("abort", resolve, { once: true });
});

async function look() {
  const [stats, agents, offline, stale, dead, dispatch] = await Promise.all([
    get("/tasks/stats"),
    get(`/agents?limit=${AGENTS}&count=true`),
    get("/agents?limit=1&count=true&status=offline"),
    get("/agents?limit=1&count=true&status=stale"),
    get("/dead-letters?limit=5"),
    get("/dispatch"),
  ]);
  showNumbers(stats, agents.total - offline.total - stale.total);
  showQueue(stats);
  showAttention(stats, dead.items, dispatch, { offline: offline.total, stale: stale.total });
  showAgents(agents);
  say("Live", "live");
}

// Showing

function showNumbers(stats, connected) {
  const sum = (names) => names.reduce((total, name) => total + (stats.states[name] ?? 0), 0);
  const rate = stats.throughput[0]?.per_second ?? 0;
  const numbers = [
    ["Waiting", sum(STATES_WAITING)],
    ["Running", sum(STATES_AT_WORK)],
    ["Completed", sum(["completed"])],
    ["Failed", sum(["dead_letter"])],
    ["Agents connected", connected],
    ["Completed per second", rate, { maximumFractionDigits: 1 }],
  ];
  at("numbers").replaceChildren(...numbers.map(([name, value, form]) => {
    const pair = make("div");
    pair.append(make("dt", name), make("dd", value.toLocaleString(undefined, form)));
    return pair;
  }));
  document.title = `${number.format(sum(STATES_WAITING))} waiting, ${number.format(sum(STATES_AT_WORK))} running · Corral`;
}

function showQueue(stats) {
  const counts = Object.entries(stats.queued_by_priority).map(([name, total]) => [name, total.count, total.more]);
  const most = Math.max(1, ...counts.map(([, count]) => count));
  at("queue").replaceChildren(...counts.map(([name, count, more]) => {
    const line = make("div");
    const bar = make("dd", undefined, "bar");
    const filled = make("span");
    filled.style.width = `${(100 * count) / most}%`;
    bar.append(filled);
    bar.setAttribute("aria-hidden", "true");
    line.append(make("dt", name), bar, make("dd", number.format(count) + (more ? "+" : "")));
    return line;
  }));
  const oldest = stats.oldest_queued_ms;
  at("oldest").textContent = oldest === null ? "Nothing waits for an agent." : `The oldest waits for ${span(oldest)}.`;
}

function showAttention(stats, dead, dispatch, { offline, stale }) {
  const found = [];
  if (dispatch.paused) found.push(["warn", "Dispatch is paused: nothing is given out.", "corral dispatch resume"]);
  else if (dispatch.pauses.length) found.push(["warn", `${dispatch.pauses.length} pauses hold some tasks back.`, "corral dispatch show"]);
  if (stale) found.push(["bad", `${number.format(stale)} agents are gone from their work.`, "corral agents --status stale"]);
  if (offline) found.push(["gone", `${number.format(offline)} agents are offline.`, "corral agents"]);
  if (stats.oldest_queued_ms > 300_000) found.push(["warn", `A task has waited for ${span(stats.oldest_queued_ms)}.`, "corral tasks --state queued"]);
  for (const task of dead) found.push(["bad", shortened(task.description), `${task.id}: ${shortened(task.error ?? task.failure_class ?? "failed")}`]);
  if (!found.length) found.push(["good", "Nothing. All is well.", ""]);
  at("attention").replaceChildren(...found.map(([kind, text, more]) => {
    const line = make("li");
    const words = make("div", text);
    words.dir = "auto";
    if (more) words.append(make("span", more, "quiet"));
    line.append(make("span", undefined, `mark ${kind}`), words);
    return line;
  }));
}

function showAgents(page) {
  const rows = page.items.map((agent) => {
    const row = make("tr");
    const status = make("td");
    const paused = agent.paused ? ", paused" : "";
    status.append(make("span", undefined, `mark ${MARKS[agent.status] ?? "idle"}`), agent.status + paused);
    row.append(make("td", agent.id, "id"), status, make("td", `${agent.running.length} of ${agent.slots}`), make("td", agent.host ?? "–"));
    return row;
  });
  at("agents").replaceChildren(...rows);
  const rest = page.total - rows.length;
  at("rest").textContent = rest > 0 ? `and ${number.format(rest)} more: corral agents` : rows.length ? "" : "No agent has joined yet. corral invite prints the line that lets one join.";
}

const shortened = (text) => (text.length > 160 ? `${text.slice(0, 159)}…` : text);

function span(ms) {
  const seconds = Math.round(ms / 1000);
  if (seconds < 120) return `${seconds} s`;
  return seconds < 7_200 ? `${Math.round(seconds / 60)} min` : `${Math.round(seconds / 3_600)} h`;
}

// A page that nobody sees asks for nothing.
for (const kind of ["pointerdown", "keydown", "wheel"]) {
  addEventListener(kind, () => { acted = true; }, { capture: true, passive: true });
}

document.addEventListener("visibilitychange", () => {
  acted ||= !document.hidden;
  if (!csrf) return;
  if (document.hidden) stop?.();
  else watch();
});

begin();
