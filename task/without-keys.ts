/** An address as it is kept and shown: without the passwords and keys that people put into one. Pure. */
export const withoutKeys = (from: string): string => {
  const url = URL.parse(from)
  if (url === null || (url.username === "" && url.password === "" && url.search === "")) return from
  return `${url.protocol}//${url.host}${url.pathname}${url.search === "" ? "" : "?***"}`
}
