/**
 * Which build this is: `<version>+<build time in ms>`, put in by scripts/build.ts. Sources that run unbundled are older than any bundle.
 * Only a newer build replaces a running daemon.
 */
declare const BUILD: string | undefined

export const build: string = typeof BUILD === "undefined" ? "0.1.0+0" : BUILD
export const version: string = build.replace(/\+.*/, "")

/** Version first, then time. */
export const isOlder = (a: string, b: string): boolean => {
  const left = a.split(/[.+]/).map(Number)
  const right = b.split(/[.+]/).map(Number)
  const at = left.findIndex((n, i) => n !== right[i])
  return at >= 0 && (left[at] ?? 0) < (right[at] ?? 0)
}
