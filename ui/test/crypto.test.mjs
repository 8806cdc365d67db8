// Boxes and keys of what a phone keeps.
import assert from "node:assert/strict";
import { test } from "node:test";
import { webcrypto } from "node:crypto";

if (!globalThis.crypto) globalThis.crypto = webcrypto;
const { base64, bytes, keyOf, newKey, rawOf, seal, unseal, unwrap, uuid, wrap } = await import("../src/survey/crypto.js");

test("a uuid is a version 4 one, and another each time", () => {
  const made = new Set(Array.from({ length: 1000 }, uuid));
  assert.equal(made.size, 1000);
  for (const one of made) assert.match(one, /^[0-9a-f]{8}-[0-9a-f]{4}-4[0-9a-f]{3}-[89ab][0-9a-f]{3}-[0-9a-f]{12}$/);
});

test("what is sealed comes back, and shows nothing of itself", async () => {
  const key = await newKey();
  const draft = { answers: { values: { wish: "想学电焊", dwelling_area: "92" } } };
  const box = await seal(key, "a", draft);
  assert.deepEqual(await unseal(key, "a", box), draft);
  assert.ok(!Buffer.from(box.data).includes("电焊"));
  assert.notDeepEqual((await seal(key, "a", draft)).data, box.data);
});

test("a box of another row, another key or another byte does not open", async () => {
  const key = await newKey();
  const box = await seal(key, "a", 1);
  await assert.rejects(unseal(key, "b", box));
  await assert.rejects(unseal(await newKey(), "a", box));
  const bent = new Uint8Array(box.data.slice(0));
  bent[0] ^= 1;
  await assert.rejects(unseal(key, "a", { ...box, data: bent }));
});

test("the PIN opens the wrapped key, another PIN does not", async () => {
  const key = await newKey();
  const box = await wrap(key, "280916");
  assert.deepEqual(Buffer.from(await rawOf(await unwrap(box, "280916"))), Buffer.from(await rawOf(key)));
  await assert.rejects(unwrap(box, "280917"));
});

test("a key goes to the server and back as base64", async () => {
  const raw = await rawOf(await newKey());
  const back = await keyOf(bytes(base64(raw)));
  assert.deepEqual(Buffer.from(await rawOf(back)), Buffer.from(raw));
});
