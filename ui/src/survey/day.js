/** A day as the clock on the wall has it: "2026-03-01". */
export const day = (now) => new Date(now - now.getTimezoneOffset() * 60000).toISOString().slice(0, 10);
