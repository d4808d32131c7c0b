/**
 * Values that never enter the log. Until the agent has taken them they wait in `<home>/secrets/<operation>`, 0600 and on disk
 * before the request is acknowledged; the log holds a name and a digest keyed with a key of this state folder.
 */

import { createHmac, randomBytes } from "node:crypto"
import { chmodSync, existsSync, mkdirSync, readdirSync, rmSync } from "node:fs"
import { open, readFile, rename, rm } from "node:fs/promises"
import { basename, dirname, join } from "node:path"
import * as Context from "effect/Context"
import * as Effect from "effect/Effect"
import * as Layer from "effect/Layer"
import type { OperationId } from "../../events/ids.ts"
import { RuntimeError } from "../../sdk/protocol/errors.ts"
import { refuseOther } from "../log/in-its-place.ts"

export type SecretValues = Readonly<Record<string, string>>

export class Secrets extends Context.Service<
  Secrets,
  {
    /** Keyed digest, hex. Without the key nothing can be guessed from it. */
    readonly digest: (text: string) => string
    readonly keep: (operation: OperationId, values: SecretValues) => Effect.Effect<void, RuntimeError>
    /** `null`: they are not here (any more). Who has taken them has them; for anybody else they are lost. */
    readonly read: (operation: OperationId) => Effect.Effect<SecretValues | null>
    readonly forget: (operation: OperationId) => Effect.Effect<void>
    readonly waiting: Effect.Effect<ReadonlyArray<string>>
  }
>()("skyd/daemon/home/Secrets") {
  static readonly layer = (home: string) =>
    Layer.effect(
      Secrets,
      Effect.promise(() => make(home))
    )
}

const keyBytes = 32

/** Before the name of a file that is being written. No request id begins with it. */
const unfinished = "."

/** On disk whole, or not at all. */
const writeWhole = async (path: string, bytes: string | Buffer) => {
  const fresh = join(dirname(path), `${unfinished}${basename(path)}`)
  try {
    const file = await open(fresh, "w", 0o600)
    try {
      await file.writeFile(bytes)
      await file.sync()
    } finally {
      await file.close()
    }
    await rename(fresh, path)
  } catch (cause) {
    await rm(fresh, { force: true })
    throw cause
  }
  const folder = await open(dirname(path), "r")
  try {
    await folder.sync()
  } finally {
    await folder.close()
  }
}

const keyOf = async (home: string): Promise<Buffer> => {
  const path = join(home, "key")
  refuseOther(path, "file", "the key of the log's digests belongs")
  if (!existsSync(path)) await writeWhole(path, randomBytes(keyBytes))
  const key = await readFile(path)
  if (key.length !== keyBytes)
    throw new Error(
      `${path} holds ${key.length} bytes in place of ${keyBytes}: put it back from a backup, or remove it to begin with a new one.`
    )
  return key
}

/** What a parser says of a text may quote it. */
const whyUnread = (cause: unknown) => (cause as NodeJS.ErrnoException).code ?? "their file is damaged"

const make = async (home: string): Promise<Secrets["Service"]> => {
  const key = await keyOf(home)
  const folder = join(home, "secrets")
  refuseOther(folder, "folder", "secrets that wait for their node belong")
  mkdirSync(folder, { recursive: true, mode: 0o700 })
  chmodSync(folder, 0o700)
  const fileOf = (name: string) => join(folder, name)
  /** Most operations keep none: they cost no look at the disk. */
  const kept = new Set<string>()
  for (const name of readdirSync(folder)) {
    if (name.startsWith(unfinished)) rmSync(fileOf(name), { recursive: true, force: true })
    else kept.add(name)
  }
  const keep = async (operation: string, values: SecretValues) => {
    if (Object.keys(values).length === 0) return
    // Before the first byte: from here on there may be something to forget.
    kept.add(operation)
    await writeWhole(fileOf(operation), JSON.stringify(values))
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
    read: (operation) =>
      Effect.suspend(() => {
        if (!kept.has(operation)) return Effect.succeed(null)
        return Effect.tryPromise(async () => JSON.parse(await readFile(fileOf(operation), "utf8")) as SecretValues).pipe(
          Effect.catch(({ cause }) => Effect.as(Effect.logError(`the secrets of ${operation} cannot be read: ${whyUnread(cause)}`), null))
        )
      }),
    // At once: who keeps others under the same id later must not lose those.
    forget: (operation) =>
      Effect.sync(() => {
        if (kept.delete(operation)) rmSync(fileOf(operation), { force: true })
      }),
    waiting: Effect.sync(() => [...kept])
  })
}
