// The service worker of /collect/: shells and their files from the cache, everything else from the network. It knows no data.
// The server puts `self.SHELL = {version, files}` before this text; another version is another worker with a cache of its own.
/* global SHELL */
const NAME = "yihu-" + SHELL.version;
let held = null; // the opened key on its way from one page to the next, for half a minute at most

async function fetched(url) {
  const answer = await fetch(url, { cache: "no-cache", credentials: "same-origin" });
  if (!answer.ok || answer.redirected) throw new TypeError(url); // a log-in page is no shell: this worker is not installed
  return answer;
}

async function install() {
  const cache = await caches.open(NAME);
  await Promise.all(SHELL.files.map(async (url) => cache.put(url, await fetched(url))));
}

async function clean() {
  const names = await caches.keys();
  await Promise.all(names.filter((name) => name.startsWith("yihu-") && name !== NAME).map((name) => caches.delete(name)));
}

async function answer(request) {
  const cache = await caches.open(NAME);
  return (await cache.match(request, { ignoreSearch: true, ignoreVary: true })) || fetch(request);
}

addEventListener("install", (event) => event.waitUntil(install()));
addEventListener("activate", (event) => event.waitUntil(clean()));
addEventListener("fetch", (event) => {
  const { method, url } = event.request;
  const { origin, pathname } = new URL(url);
  if (method === "GET" && origin === location.origin && SHELL.files.includes(pathname)) event.respondWith(answer(event.request));
});
addEventListener("message", ({ data, ports }) => {
  if (data.skip) skipWaiting(); // only because somebody tapped the button
  if ("hold" in data) {
    held = data.hold;
    setTimeout(() => (held = null), 30000);
  }
  if (data.ask) {
    ports[0].postMessage(held);
    held = null;
  }
});
