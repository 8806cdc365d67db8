/** Large letters, kept in a cookie of these pages, so that it works without a network. */
export function large() {
  const button = document.getElementById("big");
  const on = /(?:^|; )shell-text=large/.test(document.cookie);
  const put = (value) => {
    document.documentElement.classList.toggle("big", value);
    button.setAttribute("aria-pressed", String(value));
  };
  put(on);
  button.addEventListener("click", () => {
    const value = button.getAttribute("aria-pressed") !== "true";
    document.cookie = `shell-text=${value ? "large" : "normal"}; path=/collect/; max-age=31536000; samesite=lax`;
    put(value);
  });
}
