/**
 * Values that never enter the log. Until the agent has taken them they wait in `<home>/secrets/<operation>`, 0600 and on disk
 * before the request is acknowledged; the log holds a name and a digest keyed with a key of this state folder.
 */

import { createHmac, randomBytes } from "node:crypto"
import { chmodSync, existsSync, mkdirSync, readdirSync, readFileSync, writeFileSync } from "node:fs"
import { open, readFile, rm } from "node:fs/promises"
import { join } from "node:path"
import * as Context from "effect/Context"
import * as Effect from "effect/Effect"
import * as Layer from "effect/Layer"
import type { OperationId } from "../events/ids.ts"

export type SecretValues = Readonly<Record<string, string>>

export class Secrets extends Context.Service<
  Secrets,
  {
    /** Keyed digest, hex. Without the key nothing can be guessed from it. */
    readonly digest: (text: string) => string
    /** False when this operation's are kept already: those stay. */
    readonly keep: (operation: OperationId, values: SecretValues) => Effect.Effect<boolean>
    readonly read: (operation: OperationId) => Effect.Effect<SecretValues>
    readonly forget: (operation: OperationId) => Effect.Effect<void>
    readonly waiting: Effect.Effect<ReadonlyArray<string>>
  }
>()("skyd/daemon/Secrets") {
  static readonly layer = (home: string) => Layer.sync(Secrets, () => make(home))
}

const keyOf = (home: string): Buffer => {
  const path = join(home, "key")
  if (!existsSync(path)) writeFileSync(path, randomBytes(32), { mode: 0o600, flag: "wx", flush: true })
  return readFileSync(path)
}

const make = (home: string): Secrets["Service"] => {
  const key = keyOf(home)
  const folder = join(home, "secrets")
  mkdirSync(folder, { recursive: true, mode: 0o700 })
  chmodSync(folder, 0o700)
  /** Most operations keep none: they cost no look at the disk. */
  const kept = new Set(readdirSync(folder))
  const fileOf = (operation: string) => join(folder, operation)
  const keep = async (operation: string, values: SecretValues) => {
    if (Object.keys(values).length === 0 || kept.has(operation)) return false
    kept.add(operation)
    const file = await open(fileOf(operation), "wx", 0o600)
    await file.writeFile(JSON.stringify(values))
    await file.sync()
    await file.close()
    const directory = await open(folder, "r")
    await directory.sync()
    await directory.close()
    return true
  }
  const read = async (operation: string): Promise<SecretValues> => {
    if (!kept.has(operation)) return {}
    return JSON.parse(await readFile(fileOf(operation), "utf8"))
  }
  return Secrets.of({
    digest: (text) => createHmac("sha256", key).update(text).digest("hex"),
    keep: (operation, values) => Effect.promise(() => keep(operation, values)),
    read: (operation) => Effect.promise(() => read(operation)),
    forget: (operation) =>
      Effect.suspend(() => (kept.delete(operation) ? Effect.promise(() => rm(fileOf(operation), { force: true })) : Effect.void)),
    waiting: Effect.sync(() => [...kept])
  })
}
