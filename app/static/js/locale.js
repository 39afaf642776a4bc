// Dates and numbers as the reader writes them. The server's own forms stay where this cannot run.

const dates = new Intl.DateTimeFormat(undefined, { dateStyle: "medium", timeStyle: "short" });
const days = new Intl.DateTimeFormat(undefined, { dateStyle: "medium", timeZone: "UTC" });
const fullDates = new Intl.DateTimeFormat(undefined, { dateStyle: "full", timeStyle: "long" });

/** 12.34 -> 0:12, as players write it everywhere. */
export const clock = (seconds) => `${Math.floor(seconds / 60)}:${String(Math.floor(seconds % 60)).padStart(2, "0")}`;

export function localize(root) {
  for (const time of root.querySelectorAll("time[datetime]")) {
    const moment = new Date(time.dateTime);
    if (Number.isNaN(moment.valueOf())) continue;
    if (time.dateTime.length === "2026-12-04".length) {
      time.textContent = days.format(moment); // a day is the same one everywhere
      continue;
    }
    time.textContent = dates.format(moment);
    time.title = fullDates.format(moment);
  }
  for (const data of root.querySelectorAll("data.number")) {
    const digits = Number(data.dataset.digits);
    const format = new Intl.NumberFormat(undefined, { minimumFractionDigits: digits, maximumFractionDigits: digits });
    data.textContent = format.format(Number(data.value));
  }
}

localize(document);
