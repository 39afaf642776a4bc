// What was dropped on the page: files as they are, and from folders, however deep, what could be recordings.

const RECORDING = /\.(wav|mp3|m4a|mp4|aac|ogg|oga|opus|webm|flac|amr|gsm|3gp|aif|aiff|wma|au|caf)$/i;
const couldBe = (file) => file.type.startsWith("audio/") || RECORDING.test(file.name);
const fileOf = (entry) => new Promise((resolve, reject) => entry.file(resolve, reject));

/** Browsers hand out a folder's entries by the hundred, until there are none. */
async function entriesOf(folder) {
  const reader = folder.createReader();
  const all = [];
  for (;;) {
    const some = await new Promise((resolve, reject) => reader.readEntries(resolve, reject));
    if (!some.length) return all;
    all.push(...some);
  }
}

async function recordingsIn(folder) {
  const found = [];
  let leftOut = 0;
  for (const entry of await entriesOf(folder)) {
    if (entry.name.startsWith(".")) continue;
    if (entry.isDirectory) {
      const inner = await recordingsIn(entry);
      found.push(...inner.files);
      leftOut += inner.leftOut;
    } else {
      const file = await fileOf(entry);
      if (couldBe(file)) found.push(file);
      else leftOut += 1;
    }
  }
  return { files: found, leftOut };
}

/** Call it while the drop is being handled: its entries are gone afterwards. */
export async function filesOf(transfer) {
  const entries = [...(transfer.items ?? [])].map((item) => item.webkitGetAsEntry?.()).filter(Boolean);
  if (!entries.some((entry) => entry.isDirectory)) return { files: [...transfer.files], leftOut: 0 };
  const parts = await Promise.all(
    entries.map(async (entry) => (entry.isDirectory ? recordingsIn(entry) : { files: [await fileOf(entry)], leftOut: 0 })),
  );
  return { files: parts.flatMap(({ files }) => files), leftOut: parts.reduce((sum, { leftOut }) => sum + leftOut, 0) };
}
