/** Addresses of buckets, and the rules of the stores for a bucket's name. Pure. */

/** Which store a scheme leads to. */
const storeOfScheme = { s3: "S3", gs: "GCS", r2: "R2", cos: "IBM" } as const

/** `s3://b/k` has a host, as any address of a store and any URL has. */
export const isUrl = (path: string): boolean => /^([a-z][a-z0-9+.-]*:)?\/\/[^/]/i.test(path)

/** Store, bucket and the path in it, of an address whose scheme is one of a store. */
export const bucketOf = (url: string) => {
  const [, scheme = "", rest = ""] = /^(s3|gs|r2|cos):\/\/(.*)$/s.exec(url) ?? []
  if (scheme === "") return undefined
  // An address of IBM's store begins with its region.
  const place = scheme === "cos" ? rest.replace(/^[^/]*\/?/, "") : rest
  const at = place.indexOf("/")
  return {
    store: storeOfScheme[scheme as keyof typeof storeOfScheme],
    bucket: at < 0 ? place : place.slice(0, at),
    path: at < 0 ? "" : place.slice(at + 1)
  }
}

type Rule = readonly [breaks: (name: string) => boolean, problem: string]

const s3: ReadonlyArray<Rule> = [
  [(name) => name.length < 3 || name.length > 63, "has 3 to 63 characters"],
  [(name) => !/^[a-z0-9][a-z0-9.-]*[a-z0-9]$/.test(name), "has small letters, digits, . and - only, and a letter or digit at both ends"],
  [(name) => name.includes(".."), "has no two dots side by side"],
  [(name) => /^\d{1,3}(\.\d{1,3}){3}$/.test(name), "is no IP address"],
  [(name) => name.startsWith("xn--"), "does not begin with xn--"],
  [(name) => /(-s3alias|--ol-s3)$/.test(name), "does not end with -s3alias or --ol-s3"]
]

const gcs: ReadonlyArray<Rule> = [
  [(name) => name.length < 3 || name.length > 222, "has 3 to 222 characters"],
  [(name) => !/^[a-z0-9][a-z0-9._-]*[a-z0-9]$/.test(name), "has small letters, digits, . _ and - only, and a letter or digit at both ends"],
  [(name) => /^goog|g[o0]{2}g[l1]e/.test(name), "has no goog at its begin and no google in it"],
  [(name) => name.split(".").some((part) => part.length > 63), "has no more than 63 characters between two dots"],
  [(name) => /\.\.|\.-|-\./.test(name), "has no dot beside a dot or a -"],
  [(name) => /^\d{1,3}(\.\d{1,3}){3}$/.test(name), "is no IP address"]
]

/** R2 and IBM's store take S3's names. */
export const bucketNameProblem = (store: "S3" | "GCS" | "R2" | "IBM", name: string): string | undefined => {
  const [, problem] = (store === "GCS" ? gcs : s3).find(([breaks]) => breaks(name)) ?? []
  return problem && `'${name}' is no name of a bucket: one ${problem}`
}
