/** The SDK as it ships: the bundle, whose lazy half is a file of its own. */
import { createRequire } from "node:module"

export const sky = createRequire(import.meta.url)("../../../dist/sdk.cjs") as typeof import("../../../sdk/index.ts")

/** What a call throws, or rejects with. */
// biome-ignore lint/suspicious/noExplicitAny: its fields are looked at by the test
export const refused = async (run: () => unknown): Promise<any> => {
  try {
    await run()
  } catch (error) {
    return error
  }
  throw new Error("nothing was refused")
}
