/** The lazy half of the client. Everything behind it may be large; `sky status` never comes here. */
type More = typeof import("./more.ts")

export const more = (): More => {
  process.getBuiltinModule("node:module").enableCompileCache()
  return require("./more.cjs") as More
}
