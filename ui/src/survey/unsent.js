/** States of an operation that is not whole on the server. */
export const UNSENT = ["queued", "sent", "refused"];
