// Talking to the server: JSON in, JSON out, a fresh CSRF token when the old one is stale, and one kind of error for "not reached".

const ROOT = "/collect/api/";
const [SOON, LONG] = [15000, 120000]; // ms for a ping, and for what may be large: a village network carries a few KB a second

/** The network or the server is away, or something in between answered with a page: try again later, nothing is decided. */
export class Unreached extends Error {}

let csrf = "";
let who = "";

/** {status, data} of an address below /collect/api/ (or of a whole one). `body` is JSON, bytes go as they are. Throws Unreached. */
export async function call(method, path, body, headers = {}, again = true) {
  const control = new AbortController();
  const timer = setTimeout(() => control.abort(), method === "GET" ? SOON : LONG);
  const json = body && !(body instanceof ArrayBuffer || ArrayBuffer.isView(body));
  try {
    const answer = await fetch(path[0] === "/" ? path : ROOT + path, {
      method,
      credentials: "same-origin",
      redirect: "manual",
      cache: "no-store",
      signal: control.signal,
      headers: {
        ...(method === "GET" ? {} : { "X-CSRFToken": csrf, "Content-Type": json ? "application/json" : "application/octet-stream" }),
        ...headers,
      },
      body: json ? JSON.stringify(body) : body,
    });
    // Sent to the log-in form or to another page: whoever we were, the server wants to see us first.
    if (answer.type === "opaqueredirect") return { status: 401, data: { code: "signed_out" } };
    const data = await answer.json();
    if (answer.status === 403 && data.code === "csrf" && again) {
      const before = who;
      await ping();
      if (who !== before) throw new Unreached(); // somebody else has signed in: nothing of the first one is sent in their name
      return await call(method, path, body, headers, false);
    }
    return { status: answer.status, data };
  } catch (error) {
    throw error instanceof Unreached ? error : new Unreached(error.message);
  } finally {
    clearTimeout(timer);
  }
}

/** Who am I, which forms are there; the token for what follows. */
export async function ping() {
  const answer = await call("GET", "ping/");
  csrf = answer.data.csrf || "";
  who = answer.data.user?.username || "";
  return answer;
}

/** End the session. Throws Unreached. */
export async function endSession() {
  const hello = await ping();
  if (hello.status !== 401) await call("POST", document.getElementById("phone").dataset.logout, {}); // answers with the way to the log-in
}
