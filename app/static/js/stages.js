// What the worker is doing, for someone who waits; the same sentences as the server writes.

const SENTENCES = {
  fetching: "Fetching the recording",
  decoding: "Opening the recording",
  listening: "Finding your message",
  transcribing: "Writing down every word",
  judging: "Checking it against the playbook",
};

export const isPending = (voicemail) => voicemail.status === "queued" || voicemail.status === "running";

export function stageSentence({ status, stage }) {
  return status === "queued" && stage !== "fetching" ? "Waiting for its turn" : (SENTENCES[stage] ?? "Getting started");
}
