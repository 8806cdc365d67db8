// How long the form has been in front.

/** `spent()` answers the seconds since it was last asked during which the page could be seen. */
export function stopwatch(clock = () => performance.now(), hidden = () => document.hidden) {
  let from = hidden() ? null : clock();
  const spent = () => {
    const seconds = from === null ? 0 : (clock() - from) / 1000;
    from = hidden() ? null : clock();
    return seconds;
  };
  return spent;
}
