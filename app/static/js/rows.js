// The list keeps itself up to date: while anything is being analysed, changed rows are fetched anew.

import { call, fragment, sleep } from "./api.js";
import { localize } from "./locale.js";
import { isPending } from "./stages.js";

const POLL_MS = 1500;
const HIDDEN_POLL_MS = 10_000;
const list = document.querySelector("#rows");
const empty = document.querySelector("#empty");

const stateOf = (voicemail) => `${voicemail.status}:${voicemail.stage ?? ""}`;
const pendingRows = () => list.querySelectorAll('[data-state^="queued"], [data-state^="running"]');
const rowOf = (id) => document.getElementById(`row-${id}`);

export function showEmptyState() {
  const none = list.children.length === 0;
  empty.hidden = !none;
  list.hidden = none;
}

/** Put a recording's row in its place, new ones on top. */
export async function refreshRow(id) {
  const holder = document.createElement("template");
  holder.innerHTML = await fragment(`/voicemails/${id}/row`);
  const row = holder.content.querySelector("li");
  localize(row);
  const before = rowOf(id);
  if (before) {
    const focused = before.contains(document.activeElement);
    before.replaceWith(row);
    if (focused) row.querySelector("a").focus();
  } else {
    list.prepend(row);
  }
  showEmptyState();
}

export function removeRows(selector) {
  for (const row of list.querySelectorAll(selector)) row.remove();
  showEmptyState();
}

async function refreshChanged() {
  const asked = new URLSearchParams(location.search);
  const onFirstPage = !asked.has("before");
  asked.delete("before");
  asked.set("limit", 100);
  const { items } = await call(`/v1/voicemails?${asked}`);
  const newest = new Date(list.querySelector("time")?.dateTime ?? 0);
  for (const item of items.toReversed()) {
    const row = rowOf(item.id);
    if (row ? row.dataset.state !== stateOf(item) : onFirstPage && new Date(item.created_at) > newest) await refreshRow(item.id);
  }
  const known = new Set(items.map((item) => item.id));
  for (const row of pendingRows()) {
    if (!known.has(row.dataset.id)) await refreshRow(row.dataset.id).catch(() => row.remove());
  }
  return items.some(isPending) || pendingRows().length > 0;
}

let polling = false;

/** Poll until nothing is pending; called again whenever something new was handed in. */
export async function keepRowsFresh() {
  if (polling) return;
  polling = true;
  let pending = true;
  while (pending) {
    await sleep(document.hidden ? HIDDEN_POLL_MS : POLL_MS);
    pending = await refreshChanged().catch(() => true);
  }
  polling = false;
}

export function startIfPending() {
  if (pendingRows().length) keepRowsFresh();
}
