// A small picture of a photo, drawn on a canvas, because the page's policy lets no address of a blob be an image.
import { make } from "./fields.js";

const SIDE = 176; // pixels, drawn at half the size

export async function thumbnail(blob) {
  const canvas = make("canvas", { width: SIDE, height: SIDE, "aria-hidden": "true" });
  const picture = await createImageBitmap(blob);
  const side = Math.min(picture.width, picture.height);
  const [x, y] = [(picture.width - side) / 2, (picture.height - side) / 2];
  canvas.getContext("2d").drawImage(picture, x, y, side, side, 0, 0, SIDE, SIDE);
  picture.close();
  return canvas;
}
