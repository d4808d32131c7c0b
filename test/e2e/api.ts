/** The SDK in this process, on a private state folder; and programs that use it, as users write them. */
import { spawn } from "node:child_process"
import { join } from "node:path"
import { sky } from "../unit/sdk/sdk.ts"
import { type Home, type Ran, root } from "./home.ts"

export { refused, sky } from "../unit/sdk/sdk.ts"

/** From here on the calls of this process go there. */
export const use = ({ env, path, state }: Home): typeof sky => {
  Object.assign(process.env, { SKYD_HOME: state, HOME: path, USER: env["USER"] })
  return sky
}

const sdk = JSON.stringify(join(root, "dist/sdk.cjs"))

/** A program of its own: its last statement is its end. */
export const startProgram = ({ env, path }: Home, text: string) => {
  const source = `import { createRequire } from "node:module"\nconst sky = createRequire("/")(${sdk})\n${text}`
  const child = spawn(process.execPath, ["--input-type=module", "-e", source], { env, cwd: path, stdio: ["ignore", "pipe", "pipe"] })
  let out = ""
  let err = ""
  child.stdout.setEncoding("utf8").on("data", (chunk: string) => {
    out += chunk
  })
  child.stderr.setEncoding("utf8").on("data", (chunk: string) => {
    err += chunk
  })
  return { child, ended: new Promise<Ran>((done) => child.once("close", (code) => done({ code, out, err }))) }
}
export const program = (home: Home, text: string): Promise<Ran> => startProgram(home, text).ended
