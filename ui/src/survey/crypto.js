// Keys and boxes. A box is {iv, data}: AES-GCM, bound to the id of the row it lies in, so that boxes cannot be exchanged.

const subtle = () => crypto.subtle; // missing without HTTPS: then nothing is kept at all
const text = new TextEncoder();
const ROUNDS = 600000; // PBKDF2 with SHA-256

export const random = (count) => crypto.getRandomValues(new Uint8Array(count));

/** A version 4 UUID, made by hand: the oldest engines and plain HTTP have nothing that makes one. */
export function uuid() {
  const bytes = random(16);
  bytes[6] = (bytes[6] & 15) | 64;
  bytes[8] = (bytes[8] & 63) | 128;
  return [...bytes].map((byte, at) => (/^(4|6|8|10)$/.test(at) ? "-" : "") + (byte + 256).toString(16).slice(1)).join("");
}

/** Bytes as base64 and back. */
export function base64(bytes) {
  let binary = "";
  for (const byte of new Uint8Array(bytes)) binary += String.fromCharCode(byte);
  return btoa(binary);
}
export const bytes = (encoded) => Uint8Array.from(atob(encoded), (sign) => sign.charCodeAt(0));

export const newKey = () => subtle().generateKey({ name: "AES-GCM", length: 256 }, true, ["encrypt", "decrypt"]);
export const keyOf = (raw) => subtle().importKey("raw", raw, "AES-GCM", true, ["encrypt", "decrypt"]);
export const rawOf = (key) => subtle().exportKey("raw", key);

/** {iv, data} of bytes. `id` is the row's. */
export async function sealBytes(key, id, plain) {
  const iv = random(12);
  return { iv, data: await subtle().encrypt({ name: "AES-GCM", iv, additionalData: text.encode(id) }, key, plain) };
}
export async function openBytes(key, id, { iv, data }) {
  return subtle().decrypt({ name: "AES-GCM", iv, additionalData: text.encode(id) }, key, data);
}

/** The same of any JSON value. */
export const seal = (key, id, value) => sealBytes(key, id, text.encode(JSON.stringify(value)));
export const unseal = async (key, id, box) => JSON.parse(new TextDecoder().decode(await openBytes(key, id, box)));

async function pinKey(pin, salt) {
  const base = await subtle().importKey("raw", text.encode(pin), "PBKDF2", false, ["deriveKey"]);
  const how = { name: "PBKDF2", hash: "SHA-256", salt, iterations: ROUNDS };
  return subtle().deriveKey(how, base, { name: "AES-GCM", length: 256 }, false, ["encrypt", "decrypt"]);
}

/** The key wrapped by a PIN: {salt, iv, data}. */
export async function wrap(key, pin) {
  const salt = random(16);
  return { salt, ...(await sealBytes(await pinKey(pin, salt), "wrap", await rawOf(key))) };
}

/** The key again; rejects for a wrong PIN. */
export const unwrap = async (box, pin) => keyOf(await openBytes(await pinKey(pin, box.salt), "wrap", box));

/** SHA-256 as hex. */
export async function sha256(data) {
  return [...new Uint8Array(await subtle().digest("SHA-256", data))].map((byte) => (byte + 256).toString(16).slice(1)).join("");
}
