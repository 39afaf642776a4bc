// Talking to the service: JSON in, JSON out, and every failure as one sentence for the reader.

const UNREACHABLE = "The service cannot be reached. Is it still running? Nothing was lost; please try again.";

export const sleep = (milliseconds) => new Promise((resolve) => setTimeout(resolve, milliseconds));

/** The problem's own sentence where the service sent one. */
function sentenceOf(body, status) {
  return body?.detail || `The service answered with status ${status}. Please try again.`;
}

export async function call(path, options = {}) {
  let response;
  try {
    response = await fetch(path, { headers: { Accept: "application/json" }, ...options });
  } catch {
    throw new Error(UNREACHABLE);
  }
  const body = response.status === 204 ? null : await response.json().catch(() => null);
  if (!response.ok) throw Object.assign(new Error(sentenceOf(body, response.status)), { status: response.status });
  return body;
}

/** The options of a call that sends JSON. */
export const json = (method, body) => ({
  method,
  headers: { Accept: "application/json", "Content-Type": "application/json" },
  body: JSON.stringify(body),
});

export async function fragment(path) {
  const response = await fetch(path, { headers: { Accept: "text/html" } });
  if (!response.ok) throw new Error(`status ${response.status}`);
  return response.text();
}

/** Upload a form, telling how far it is: fetch cannot say that, XMLHttpRequest can. */
export function upload(path, form, onProgress, headers = {}) {
  return new Promise((resolve, reject) => {
    const request = new XMLHttpRequest();
    request.open("POST", path);
    for (const [name, value] of Object.entries({ Accept: "application/json", ...headers })) request.setRequestHeader(name, value);
    request.responseType = "json";
    request.upload.addEventListener("progress", (event) => event.lengthComputable && onProgress(event.loaded / event.total));
    request.addEventListener("error", () => reject(new Error(UNREACHABLE)));
    request.addEventListener("load", () =>
      request.status < 300 ? resolve(request.response) : reject(Object.assign(new Error(sentenceOf(request.response, request.status)), { status: request.status })),
    );
    request.send(form);
  });
}
