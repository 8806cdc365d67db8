// Photos and signatures made small on the phone: upright, on white, without EXIF.

const MOST = 300 * 1024; // bytes of one picture, as the server takes it
const LARGEST = 20 * 1024 * 1024; // bytes of a file: opening more than that closes the page of a cheap phone
// Longest side in pixels and quality, tried in this order until it fits.
const LADDER = [[1600, 0.82], [1600, 0.7], [1280, 0.72], [1280, 0.58], [1024, 0.6], [800, 0.55], [640, 0.45]];

/** [orientation 1 to 8, JPEG without EXIF]: old engines ignore the orientation and new ones follow it, so none may see it. */
async function plainJpeg(blob) {
  const view = new DataView(await blob.arrayBuffer());
  if (view.byteLength < 4 || view.getUint16(0) !== 0xffd8) return [1, blob];
  const parts = [blob.slice(0, 2)];
  let turn = 1;
  let at = 2;
  while (at + 4 <= view.byteLength && view.getUint8(at) === 0xff && view.getUint8(at + 1) !== 0xda) {
    const marker = view.getUint8(at + 1);
    const end = at + 2 + view.getUint16(at + 2);
    if (marker === 0xe1) turn = orientation(view, at + 4, Math.min(end, view.byteLength)) || turn;
    else parts.push(blob.slice(at, end));
    at = end;
  }
  return [turn, new Blob([...parts, blob.slice(at)], { type: "image/jpeg" })];
}

function orientation(view, start, end) {
  if (end - start < 14 || view.getUint32(start) !== 0x45786966) return 0; // "Exif"
  const tiff = start + 6;
  const little = view.getUint16(tiff) === 0x4949;
  const directory = tiff + view.getUint32(tiff + 4, little);
  if (directory + 2 > end) return 0;
  for (let entry = directory + 2, left = view.getUint16(directory, little); left > 0 && entry + 12 <= end; left--, entry += 12) {
    if (view.getUint16(entry, little) === 0x0112) return view.getUint16(entry + 8, little);
  }
  return 0;
}

/**
 * A JPEG of at most MOST bytes, upright, on white, without EXIF. Rejects for what this browser cannot read as a picture, and with the code
 * `photo_large` for a file that is not even opened.
 */
export async function shrink(blob) {
  if (blob.size > LARGEST) throw Object.assign(new Error("large"), { code: "photo_large" });
  const [turn, plain] = await plainJpeg(blob);
  const picture = await createImageBitmap(plain);
  const canvas = document.createElement("canvas");
  let small;
  for (const [side, quality] of LADDER) {
    const scale = Math.min(1, side / Math.max(picture.width, picture.height));
    const [width, height] = [Math.max(1, Math.round(picture.width * scale)), Math.max(1, Math.round(picture.height * scale))];
    [canvas.width, canvas.height] = turn > 4 ? [height, width] : [width, height];
    const pen = canvas.getContext("2d");
    pen.fillStyle = "#fff";
    pen.fillRect(0, 0, canvas.width, canvas.height);
    // The eight ways a camera may have been held, as [a, b, c, d, e, f] of the canvas.
    const way = { 2: [-1, 0, 0, 1, width, 0], 3: [-1, 0, 0, -1, width, height], 4: [1, 0, 0, -1, 0, height], 5: [0, 1, 1, 0, 0, 0],
      6: [0, 1, -1, 0, height, 0], 7: [0, -1, -1, 0, height, width], 8: [0, -1, 1, 0, 0, width] }[turn];
    if (way) pen.transform(...way);
    pen.drawImage(picture, 0, 0, width, height);
    small = await new Promise((done) => canvas.toBlob(done, "image/jpeg", quality));
    if (small && small.size <= MOST) break;
  }
  picture.close();
  canvas.width = canvas.height = 0; // old phones give the memory back only then
  if (!small || small.size > MOST) throw new Error("too large");
  return small;
}
