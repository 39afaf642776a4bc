// The list keeps itself up to date: rows that changed are fetched anew.

import { call, fragment } from "./api.js";
import { follow } from "./live.js";
import { localize } from "./locale.js";

const list = document.querySelector("#rows");
const empty = document.querySelector("#empty");

const stateOf = (voicemail) => `${voicemail.status}:${voicemail.stage ?? ""}`;
const rowOf = (id) => document.getElementById(`row-${id}`);

function showEmptyState() {
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

const takesNewOnes = !location.search; // neither a later page nor a filtered list
let refreshing = Promise.resolve();

/** One after the other, so that rows keep their order and no answer overtakes a later one. */
function refreshIfChanged(voicemail) {
  refreshing = refreshing.then(async () => {
    const row = rowOf(voicemail.id);
    const newest = new Date(list.querySelector("time")?.dateTime ?? 0);
    const isNew = !row && takesNewOnes && new Date(voicemail.created_at) > newest;
    if (isNew || (row && row.dataset.state !== stateOf(voicemail))) await refreshRow(voicemail.id).catch(() => {});
  });
  return refreshing;
}

async function poll() {
  const { items } = await call("/v1/voicemails?limit=50").catch(() => ({ items: [] }));
  for (const item of items.toReversed()) await refreshIfChanged(item);
}

export function keepRowsFresh() {
  follow("/v1/events", { changed: refreshIfChanged, gone: ({ id }) => removeRows(`#row-${id}`) }, poll);
}
