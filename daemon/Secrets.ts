/**
 * Values that never enter the log. Until the agent has taken them they wait in `<home>/secrets/<operation>`, 0600 and on disk
 * before the request is acknowledged; the log holds a name and a digest keyed with a key of this state folder.
 */

import { createHmac, randomBytes } from "node:crypto"
import { chmodSync, existsSync, mkdirSync, readdirSync } from "node:fs"
import { open, readFile, rename, rm } from "node:fs/promises"
import { dirname, join } from "node:path"
import * as Context from "effect/Context"
import * as Effect from "effect/Effect"
import * as Layer from "effect/Layer"
import type { OperationId } from "../events/ids.ts"
import { RuntimeError } from "../sdk/protocol/errors.ts"

export type SecretValues = Readonly<Record<string, string>>

export class Secrets extends Context.Service<
  Secrets,
  {
    /** Keyed digest, hex. Without the key nothing can be guessed from it. */
    readonly digest: (text: string) => string
    /** False when this operation's are kept already: those stay. */
    readonly keep: (operation: OperationId, values: SecretValues) => Effect.Effect<boolean, RuntimeError>
    readonly read: (operation: OperationId) => Effect.Effect<SecretValues>
    readonly forget: (operation: OperationId) => Effect.Effect<void>
    readonly waiting: Effect.Effect<ReadonlyArray<string>>
  }
>()("skyd/daemon/Secrets") {
  static readonly layer = (home: string) =>
    Layer.effect(
      Secrets,
      Effect.promise(() => make(home))
    )
}

const keyBytes = 32

/** On disk whole, or not at all. */
const writeWhole = async (path: string, bytes: string | Buffer) => {
  const file = await open(`${path}.new`, "w", 0o600)
  try {
    await file.writeFile(bytes)
    await file.sync()
  } finally {
    await file.close()
  }
  await rename(`${path}.new`, path)
  const folder = await open(dirname(path), "r")
  await folder.sync()
  await folder.close()
}

const keyOf = async (home: string): Promise<Buffer> => {
  const path = join(home, "key")
  if (!existsSync(path)) await writeWhole(path, randomBytes(keyBytes))
  const key = await readFile(path)
  if (key.length !== keyBytes)
    throw new Error(
      `${path} holds ${key.length} bytes in place of ${keyBytes}: put it back from a backup, or remove it to begin with a new one.`
    )
  return key
}

const make = async (home: string): Promise<Secrets["Service"]> => {
  const key = await keyOf(home)
  const folder = join(home, "secrets")
  mkdirSync(folder, { recursive: true, mode: 0o700 })
  chmodSync(folder, 0o700)
  /** Most operations keep none: they cost no look at the disk. */
  const kept = new Set(readdirSync(folder).filter((name) => !name.endsWith(".new")))
  const fileOf = (operation: string) => join(folder, operation)
  const keep = async (operation: string, values: SecretValues) => {
    if (Object.keys(values).length === 0 || kept.has(operation)) return false
    await writeWhole(fileOf(operation), JSON.stringify(values))
    kept.add(operation)
    return true
  }
  const read = async (operation: string): Promise<SecretValues> => {
    if (!kept.has(operation)) return {}
    return JSON.parse(await readFile(fileOf(operation), "utf8"))
  }
  return Secrets.of({
    digest: (text) => createHmac("sha256", key).update(text).digest("hex"),
    keep: (operation, values) =>
      Effect.tryPromise({
        try: () => keep(operation, values),
        catch: (cause) =>
          new RuntimeError({
            message: `The secrets of the request cannot be kept: ${String(cause)}`,
            hint: "Nothing was begun. Free some space and ask again."
          })
      }),
    read: (operation) => Effect.promise(() => read(operation)),
    forget: (operation) =>
      Effect.suspend(() => (kept.delete(operation) ? Effect.promise(() => rm(fileOf(operation), { force: true })) : Effect.void)),
    waiting: Effect.sync(() => [...kept])
  })
}
