// The first page: choose or drop recordings, watch them become reports, tidy the samples away.

import { call } from "./api.js";
import { filesOf } from "./dropped.js";
import { UploadQueue } from "./queue.js";
import { keepRowsFresh, refreshRow, removeRows } from "./rows.js";
import { Upload } from "./tray.js";

const form = document.querySelector("#intake");
const drop = document.querySelector("#drop");
const input = document.querySelector("#file");
const send = document.querySelector("#send");
const choose = document.querySelector("#choose");
const title = document.querySelector("#drop-title");
const hint = document.querySelector("#drop-hint");
const stagedList = document.querySelector("#staged");
const news = document.querySelector("#news");
const left = document.querySelector("#left-out");
const inUnit = (unit) => new Intl.NumberFormat(undefined, { maximumFractionDigits: 1, style: "unit", unit });
const [kilobytes, megabytes] = [inUnit("kilobyte"), inUnit("megabyte")];
const sizeOf = ({ size }) => (size < 1e5 ? kilobytes.format(size / 1e3) : megabytes.format(size / 1e6));

let staged = [];

function showStaged() {
  const count = staged.length;
  stagedList.replaceChildren(
    ...staged.map((file) => {
      const item = document.createElement("li");
      const name = document.createElement("strong");
      name.textContent = file.name;
      const remove = document.createElement("button");
      remove.type = "button";
      remove.className = "remove";
      remove.textContent = "×";
      remove.setAttribute("aria-label", `Do not send ${file.name}`);
      remove.addEventListener("click", () => stage(staged.filter((other) => other !== file)));
      item.append(name, ` ${sizeOf(file)}`, remove);
      return item;
    }),
  );
  stagedList.hidden = send.hidden = !count;
  hint.hidden = count > 0;
  drop.classList.toggle("has-files", count > 0);
  title.textContent = count > 1 ? `${count} recordings` : count ? "Ready" : "Drop recordings or a folder here";
  send.textContent = count > 1 ? `Get ${count} reports` : "Get the report";
  choose.classList.toggle("primary", !count);
  choose.textContent = count ? "Choose others" : "Choose a file";
}

function stage(files) {
  staged = [...files];
  left.hidden = true;
  showStaged();
  if (staged.length) send.focus({ preventScroll: true });
}

function formFor(file) {
  const sent = new FormData();
  for (const [name, value] of new FormData(form)) {
    if (name !== "file" && value.trim?.()) sent.append(name, value);
  }
  sent.append("file", file, file.name);
  return sent;
}

const queue = new UploadQueue(
  (accepted) => refreshRow(accepted.id).catch(() => {}),
  (sentence) => (news.textContent = sentence),
);

/** A single recording is waited for, and its report opened. */
async function receiveOne(upload) {
  try {
    const finished = await upload.finished(await upload.send());
    news.textContent = `${upload.file.name}: ${finished.score} of 100.`;
    upload.say("Ready. Opening the report…");
    location.assign(finished.links.page);
  } catch (error) {
    upload.failed(error);
  }
}

form.addEventListener("submit", (event) => {
  event.preventDefault();
  const files = staged;
  stage([]);
  input.value = "";
  const uploads = files.map((file) => new Upload(file, formFor(file)));
  if (uploads.length > 1) return queue.add(uploads); // To the list, where each row tells how far it is.
  const [only] = uploads;
  only.onAgain(() => receiveOne(only));
  only.onDismiss(() => {});
  receiveOne(only);
});
input.addEventListener("change", () => input.files.length && stage(input.files));

let entered = 0;
const dragOver = (change) => {
  entered = Math.max(0, entered + change);
  drop.classList.toggle("over", entered > 0);
};
const carriesFiles = (event) => event.dataTransfer?.types.includes("Files");
addEventListener("dragenter", (event) => carriesFiles(event) && dragOver(1));
addEventListener("dragleave", (event) => carriesFiles(event) && dragOver(-1));
addEventListener("dragover", (event) => carriesFiles(event) && event.preventDefault());
addEventListener("drop", async (event) => {
  if (!carriesFiles(event)) return;
  event.preventDefault();
  entered = 0;
  dragOver(0);
  const { files, leftOut } = await filesOf(event.dataTransfer);
  if (files.length) stage(files);
  else title.textContent = "There is no recording in this folder";
  if (leftOut) news.textContent = left.textContent = `${leftOut} other ${leftOut === 1 ? "file was" : "files were"} left out.`;
  left.hidden = !leftOut;
});

document.querySelector("#remove-demo")?.addEventListener("click", async ({ target }) => {
  target.disabled = true;
  try {
    await call("/v1/demo", { method: "DELETE" });
    removeRows("[data-demo]");
    document.querySelector("#demo").remove();
    news.textContent = "The samples are removed.";
    document.querySelector("#main").focus({ preventScroll: true });
  } catch (error) {
    target.disabled = false;
    document.querySelector("#demo p").textContent = error.message;
  }
});

keepRowsFresh();
