// Live status: server-sent events while the page is looked at, polling where they are missing or fail.
// A hidden page lets its connection go (browsers allow six to a service) and is told the present when it is shown again.

import { call, sleep } from "./api.js";
import { isPending } from "./stages.js";

const FAILURES = 2;
const POLL_MS = 1500;

/** Hands each event's data to the handler of its name; `poll` is called instead, over and over. Returns the way to stop. */
export function follow(path, handlers, poll) {
  let [source, failures, turn] = [null, 0, 0];
  const pause = () => {
    turn += 1;
    source?.close();
    source = null;
  };
  const keepPolling = async (mine) => {
    while (mine === turn) {
      await poll();
      await sleep(POLL_MS);
    }
  };
  const open = () => {
    pause();
    if (document.hidden) return;
    if (!globalThis.EventSource || failures >= FAILURES) return void keepPolling(turn);
    source = new EventSource(path);
    for (const [name, handle] of Object.entries(handlers)) {
      source.addEventListener(name, ({ data }) => {
        failures = 0;
        handle(JSON.parse(data));
      });
    }
    source.addEventListener("error", ({ target }) => {
      failures = target.readyState === EventSource.CLOSED ? FAILURES : failures + 1;
      if (failures >= FAILURES) open();
    });
  };
  const shown = () => {
    failures = 0;
    open();
  };
  document.addEventListener("visibilitychange", shown);
  addEventListener("pagehide", pause);
  open();
  return () => {
    pause();
    document.removeEventListener("visibilitychange", shown);
    removeEventListener("pagehide", pause);
  };
}

/** Follows one recording to its end. Resolves with it, or with null if it was deleted; `onLost` gets a sentence or null. */
export function untilFinished(id, onStatus, onLost = () => {}) {
  return new Promise((resolve) => {
    const end = (voicemail) => {
      stop();
      resolve(voicemail);
    };
    const status = (voicemail) => {
      onLost(null);
      onStatus(voicemail);
    };
    const poll = async () => {
      try {
        const voicemail = await call(`/v1/voicemails/${id}`);
        isPending(voicemail) ? status(voicemail) : end(voicemail);
      } catch (error) {
        error.status === 404 ? end(null) : onLost(error.message); // A lost connection says nothing about the analysis.
      }
    };
    const stop = follow(`/v1/voicemails/${id}/events`, { status, done: end, failed: end, gone: () => end(null) }, poll);
  });
}
